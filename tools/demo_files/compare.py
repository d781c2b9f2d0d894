"""Runs each workload on glibc's malloc and on another allocator in turns, and prints the medians side by side.

    python3 compare.py --library PATH --name NAME [--rounds N] [--only NAME]
"""

import argparse
import contextlib
import os
import pathlib
import platform
import statistics
import sys
import tempfile
import threading
import time

import measure
import workloads

# Preloaded as the baseline: glibc itself. It changes nothing for most programs; but Debian links redis-server with
# jemalloc, and this puts glibc's malloc back in front.
GLIBC = "libc.so.6"


class Progress:
    """One line that says what is running: rewritten in place on a terminal, else a line a finished run."""

    def __init__(self, total):
        self.total = total
        self.done = 0
        self.start = time.monotonic()
        self.is_terminal = sys.stdout.isatty()

    @contextlib.contextmanager
    def step(self, text):
        """Wraps one run. What the caller puts in the dict under `result` is printed after it."""
        self.done += 1
        result = {}
        finished = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(text, finished), daemon=True)
        if self.is_terminal:
            ticker.start()
        try:
            yield result
        finally:
            finished.set()
            if self.is_terminal:
                ticker.join()
                print("\r\033[K", end="", flush=True)
        if not self.is_terminal:
            print(f"[{self.done:2}/{self.total}] {text}: {result['result']}", flush=True)

    def _tick(self, text, finished):
        while not finished.is_set():
            width = 24
            filled = (self.done - 1) * width // self.total
            bar = "=" * filled + ">" + " " * (width - filled - 1)
            seconds = int(time.monotonic() - self.start)
            print(f"\r\033[K[{bar}] {self.done}/{self.total} {text} ... {seconds} s", end="", flush=True)
            finished.wait(0.5)


def mebibytes(count):
    return f"{count / 2**20:.1f} MiB"


def seconds(value):
    return f"{value:.2f} s"


def ratio_of(ours, theirs):
    """Green where the second is clearly less, red where it is clearly more."""
    ratio = ours / theirs
    text = f"{ratio:5.2f} x"
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ or 0.97 <= ratio <= 1.03:
        return text
    return f"\033[{32 if ratio < 1 else 31}m{text}\033[0m"


class Comparison:
    """The samples of one workload on both allocators."""

    def __init__(self, workload):
        self.workload = workload
        self.samples = {}  # by name of the allocator

    def add(self, allocator, sample):
        samples = self.samples.setdefault(allocator, [])
        samples.append(sample)
        first = next(iter(self.samples.values()))[0]
        if sample.output != first.output:
            raise measure.Failed(f"{self.workload.name}: the output on {allocator} differs from the first run's")

    def rows(self):
        """(label, format, [a median each allocator])"""
        yield self._row("time", seconds, lambda sample: sample.seconds)
        yield self._row("CPU time", seconds, lambda sample: sample.cpu_seconds)
        yield self._row("peak memory", mebibytes, lambda sample: sample.peak_bytes)
        for figure in next(iter(self.samples.values()))[0].figures:
            yield self._row(figure, mebibytes, lambda sample, figure=figure: sample.figures[figure])

    def _row(self, label, form, value_of):
        return label, form, [statistics.median(map(value_of, samples)) for samples in self.samples.values()]


def cpu_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def print_circumstances(selected, library):
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    print(f"{'Machine':<14}{cpu_name()}, {os.cpu_count()} CPUs, {memory / 2**30:.1f} GiB")
    print(f"{'System':<14}Linux {platform.release()}, {os.confstr('CS_GNU_LIBC_VERSION')}")
    print(f"{'Library':<14}{library}")
    for workload in selected:
        print(f"{workload.name:<14}{workload.version}\n{'':14}{workload.does}")
    print()


def print_table(comparisons, name):
    rounds = min(len(samples) for comparison in comparisons for samples in comparison.samples.values())
    print(f"\n{f'Median of {rounds}':<34} {'glibc':>12} {name[:12]:>12} {'ratio':>9}")
    for comparison in comparisons:
        label = comparison.workload.name
        for what, form, (theirs, ours) in comparison.rows():
            print(f"{label:<16} {what:<17} {form(theirs):>12} {form(ours):>12}   {ratio_of(ours, theirs)}")
            label = ""
    load = os.getloadavg()[0]
    if load > os.cpu_count() + 1:
        print(f"Other work kept this machine busy (load {load:.1f}): look at CPU time rather than at time.")


def one_round(comparisons, allocators, progress, title):
    for comparison in comparisons:
        for name, preload in allocators.items():
            with progress.step(f"{comparison.workload.name} on {name}, {title}") as step:
                sample = comparison.workload.run(preload)
                comparison.add(name, sample)
                step["result"] = f"{seconds(sample.seconds)}, {mebibytes(sample.peak_bytes)}"


def compare(selected, allocators, rounds, patience_seconds):
    """As many rounds as asked for, or as begin before another one would take longer than the patience lasts."""
    comparisons = [Comparison(workload) for workload in selected]
    progress = Progress(len(selected) * len(allocators) * rounds)
    start = time.monotonic()
    for number in range(1, rounds + 1):
        one_round(comparisons, allocators, progress, f"round {number} of {rounds}")
        elapsed = time.monotonic() - start
        if number < rounds and elapsed * (number + 1) / number > patience_seconds:
            print(f"This machine is slow or busy: no more rounds after {elapsed:.0f} seconds.")
            break
    return comparisons


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--library", required=True, help="the allocator to preload")
    parser.add_argument("--name", required=True, help="what to call it")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--patience", type=float, default=90, metavar="SECONDS", help="begin no round that ends later")
    parser.add_argument("--only", help="the one workload to run, by its name")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    missing = workloads.missing_programs()
    if missing:
        sys.exit(f"demo: not installed: {', '.join(missing)}; `tools/setup demo' installs what is missing")
    with tempfile.TemporaryDirectory(prefix="cairn-demo-") as directory:
        path = pathlib.Path(directory)
        selected = [kind(path) for kind in (workloads.Redis, workloads.Python, workloads.Compiler)]
        selected = [workload for workload in selected if arguments.only in (None, workload.name)]
        print_circumstances(selected, arguments.library)
        allocators = {"glibc": GLIBC, arguments.name: arguments.library}
        comparisons = compare(selected, allocators, arguments.rounds, arguments.patience)
        print_table(comparisons, arguments.name)


if __name__ == "__main__":
    measure.Signals.install()
    try:
        main()
    except measure.Failed as failure:
        sys.exit(f"demo: {failure}")
