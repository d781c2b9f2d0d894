"""Runs every test of the tree and counts their cases. tools/test calls it."""

import argparse
import os
import subprocess
import sys
import time

import arguments
import test_cases

# How long a failed case's output may be before its beginning is cut.
SHOWN_LINES = 120

EVERYTHING = ["//..."]
NO_TESTS = 4  # Bazel's exit code where the filters leave nothing

# The full run and, unless --quick, the shorter ones: (what it is, bazel's options).
FULL_PASS = ("gcc", [])
SHORTER_PASSES = [
    ("clang", ["--config=clang", "--test_tag_filters=-preload,-no-clang"]),
    ("asan", ["--config=asan"]),
    ("ubsan", ["--config=ubsan"]),
    ("tsan", ["--config=tsan"]),
]


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="tools/test",
        description="Builds both forms of Cairn and runs all tests; the last line counts test cases.",
    )
    parser.add_argument("--quick", action="store_true", help="gcc only: no clang, no sanitizers, no clang-tidy")
    jobs = {"type": arguments.at_least_one, "default": os.cpu_count()}
    parser.add_argument("--jobs", **jobs, help="tests and compilers at once (default: %(default)s)")
    parser.add_argument("targets", nargs="*", default=EVERYTHING, help="Bazel targets (default: %(default)s)")
    return parser.parse_args()


class Progress:
    """One line that says where the run is: rewritten in place on a terminal, at most every ten seconds elsewhere."""

    def __init__(self):
        self.terminal = sys.stdout.isatty()
        self.last = time.monotonic()

    def show(self, text):
        if self.terminal:
            print(f"\r\033[K{text[:100]}", end="", flush=True)
        elif time.monotonic() - self.last > 10:
            print(text, flush=True)
            self.last = time.monotonic()

    def done(self, text):
        print(f"\r\033[K{text}" if self.terminal else text, flush=True)


def run_bazel(name, options, progress):
    """Runs `bazel test`, shows its progress lines, and returns (exit code, all it said, the event file)."""
    events = os.path.abspath(f"out/test-{name}.json")
    command = ["bazel", "test", "--keep_going", "--color=no", "--curses=no", "--show_progress_rate_limit=2"]
    command += ["--test_output=summary", f"--build_event_json_file={events}", *options]
    os.makedirs(os.path.dirname(events), exist_ok=True)
    open(events, "w", encoding="utf-8").close()
    said = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as bazel:
        for line in bazel.stdout:
            said.append(line)
            if line.startswith("["):
                progress.show(f"{name}: {line.strip()}")
    return bazel.returncode, "".join(said), events


def run_pass(name, options, args, progress):
    start = time.monotonic()
    options = options + [f"--jobs={args.jobs}", f"--local_test_jobs={args.jobs}", "--", *args.targets]
    code, said, events = run_bazel(name, options, progress)
    if code == NO_TESTS and args.targets != EVERYTHING:
        code = 0  # what was named is not for this pass
    tally = test_cases.read_pass(test_cases.read_events(events), code, said)
    tally.failures = [(f"[{name}] {case}", output) for case, output in tally.failures]
    progress.done(f"{name}: {tally} ({time.monotonic() - start:.0f} s)")
    return tally


def run_lint(args, progress):
    start = time.monotonic()
    progress.show("lint")
    command = ["tools/lint", f"--jobs={args.jobs}"] + (["--quick"] if args.quick else [])
    lint = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    tally = test_cases.read_tap("tools/lint", lint.stdout, lint.returncode == 0)
    progress.done(f"lint: {tally} ({time.monotonic() - start:.0f} s)")
    return tally


def print_failures(failures):
    """Each failed case by name, after the outputs they came from, each output once."""
    shown = set()
    for case, output in failures:
        if output in shown:
            continue
        shown.add(output)
        lines = output.splitlines()
        print(f"\n---- {case}")
        if len(lines) > SHOWN_LINES:
            print(f"(the last {SHOWN_LINES} lines of {len(lines)})")
        print("\n".join(lines[-SHOWN_LINES:]))
    if failures:
        print("\nFailed:")
    for case, _ in failures:
        print(f"  {case}")


def main():
    args = parse_arguments()
    progress = Progress()
    total = test_cases.Tally()
    for name, options in [FULL_PASS] + ([] if args.quick else SHORTER_PASSES):
        total.add(run_pass(name, options, args, progress))
    total.add(run_lint(args, progress))
    print_failures(total.failures)
    print(total, flush=True)
    return 1 if total.failures or total.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
