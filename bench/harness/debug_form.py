"""The cost of the debug form: real programs on it, as it comes, beside the C library's malloc. Its quarantine is taken off
its peak: that is memory which an option sets."""

import applications
import rows
from allocators import Allocator, built_library, named_allocator
from report import failures_print, median, mib, ratio, short, table

ROWS = ("redis", "python", "gcc")
FORM = "cairn-debug"
REFERENCE = "glibc"
QUARANTINE_KIB = 64 << 10  # what the option is when nothing sets it
PLAN = rows.Plan(seconds=120, least=3, most=9)
QUICK = rows.Plan(seconds=30, least=1, most=3)
HEADS = ["row", REFERENCE + ", s", FORM + ", s", "time", "CPU time", "peak, MiB", "less the quarantine", "peak"]


def form_of(settings):
    """The library that is given as cairn-debug=PATH, else the one that Bazel builds from this tree."""
    for text in settings.others:
        if text.startswith(FORM + "="):
            return named_allocator(text)
    return Allocator(FORM, built_library([], "libcairn-debug.so", "libcairn-debug.so"), "this tree")


def with_cpu(row, seconds):
    """The same row, which also notes the processor time of each run."""

    def run(allocator):
        result = row.run(allocator)
        seconds.setdefault((row.name, allocator.name), []).append(result["user_s"] + result["system_s"])
        return result

    return row._replace(run=run)


def over(values):
    """The ratio of the debug form to the reference; None where one of them has failed."""
    return values[FORM] / values[REFERENCE] if FORM in values and REFERENCE in values else None


def line_of(name, measured, seconds):
    """A row of the table."""
    times = rows.medians(measured, "ns")
    peaks = rows.medians(measured, "peak_kib")
    cpu = {one: median(seconds[name, one]) for one in times}
    beyond = {**peaks, FORM: peaks[FORM] - QUARANTINE_KIB} if FORM in peaks else peaks
    return [
        name,
        measured[REFERENCE].cell(1e9),
        measured[FORM].cell(1e9),
        ratio(over(times)),
        ratio(over(cpu)),
        " and ".join(short(mib(peaks.get(one))) for one in (REFERENCE, FORM)),
        short(mib(beyond.get(FORM))),
        ratio(over(beyond)),
    ]


def run(settings, allocators, progress):
    del allocators  # it is against the C library alone
    pair = [Allocator(REFERENCE, None, "libc6"), form_of(settings)]
    wanted = rows.rows_named(settings.only or [",".join(ROWS)], applications.rows_all(settings.quick))
    seconds = {}
    failures = []
    plan = (QUICK if settings.quick else PLAN).of(settings)
    results = rows.measure([with_cpu(row, seconds) for row in wanted], pair, plan, progress, failures)
    table("The debug form over glibc", HEADS, [line_of(name, one, seconds) for name, one in results.items()])
    failures_print(failures)
    cpu = {name: {one: seconds[name, one] for one in measured if (name, one) in seconds} for name, measured in results.items()}
    return {**rows.described(results, failures), "cpu_s": cpu}
