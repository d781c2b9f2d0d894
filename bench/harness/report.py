"""Tables, figures, progress, and the description of the machine."""

import math
import os
import platform
import statistics
import sys
import time


BUSY_LOAD_PER_CORE = 0.25


def median(values):
    return statistics.median(values) if values else None


def geometric_mean(values):
    return math.exp(sum(math.log(value) for value in values) / len(values)) if values else None


def short(value):
    """Three digits that count."""
    if value is None:
        return "-"
    if value >= 100000:
        return "%.0fk" % (value / 1000)
    if value >= 100:
        return "%.0f" % value
    return "%.1f" % value if value >= 10 else "%.2f" % value


def ratio(value):
    return "-" if value is None else "%.2f" % value


def mib(kib):
    return None if kib is None else kib / 1024


def table_text(heads, rows):
    """A table whose columns are aligned and which is Markdown, too."""
    cells = [[str(cell) for cell in row] for row in [heads] + rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]

    def line(row):
        padded = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        return "| " + " | ".join(padded) + " |"

    rule = ["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]
    return "\n".join([line(cells[0]), line(rule)] + [line(row) for row in cells[1:]])


def table(title, heads, rows):
    print("\n%s\n\n%s" % (title, table_text(heads, rows)), flush=True)


class Progress:
    """One line on standard error that says what is being done, or one line a step where that is no terminal."""

    def __init__(self):
        self.is_terminal = sys.stderr.isatty()
        self.step = None
        self.began = time.monotonic()

    def show(self, step, detail):
        seconds = time.monotonic() - self.began
        if self.is_terminal:
            sys.stderr.write("\r\033[K%4.0f s  %s  %s" % (seconds, step, detail))
        elif step != self.step:
            sys.stderr.write("%4.0f s  %s\n" % (seconds, step))
        self.step = step
        sys.stderr.flush()

    def say(self, text):
        self.clear()
        sys.stderr.write(text + "\n")

    def clear(self):
        if self.is_terminal:
            sys.stderr.write("\r\033[K")


def line_of(path, field):
    try:
        with open(path) as file:
            for line in file:
                if line.startswith(field):
                    return line.partition(":")[2].strip() if ":" in line else line.strip()
    except OSError:
        pass
    return "?"


def memory_text(text):
    """The amount in a line of /proc/meminfo, in GiB."""
    amount = text.split()[0]
    return "%.1f GiB" % (int(amount) / 1024**2) if amount.isdigit() else text


def chosen_in(text):
    """The word in brackets of the several that a setting of the kernel shows."""
    return text.partition("[")[2].partition("]")[0] or text


def machine():
    """What a reader has to know about the machine to judge the figures."""
    load = os.getloadavg()[0]
    cores = len(os.sched_getaffinity(0))
    return {
        "cpu": line_of("/proc/cpuinfo", "model name"),
        "cores": cores,
        "memory": memory_text(line_of("/proc/meminfo", "MemTotal")),
        "kernel": platform.release(),
        "system": line_of("/etc/os-release", "PRETTY_NAME").partition("=")[2].strip('"'),
        "libc": " ".join(platform.libc_ver()),
        "huge_pages": chosen_in(line_of("/sys/kernel/mm/transparent_hugepage/enabled", "")),
        "load_at_start": round(load, 2),
        "is_busy": load > BUSY_LOAD_PER_CORE * cores,
        "date": time.strftime("%Y-%m-%d"),
    }


def machine_print(facts, allocators):
    print("%(cpu)s, %(cores)d cores, %(memory)s; %(system)s, Linux %(kernel)s, %(libc)s" % facts)
    print("transparent huge pages: %(huge_pages)s; load at the start: %(load_at_start).2f" % facts)
    print("allocators: " + ", ".join("%s (%s)" % (a.name, a.version) for a in allocators))
    if facts["is_busy"]:
        print("WARNING: other programs keep this machine busy; do not quote these figures")
    sys.stdout.flush()


def failures_print(failures):
    for allocator, what, why in failures:
        print("FAILED: %s, %s: %s" % (allocator, what, why))
