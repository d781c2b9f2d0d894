"""Instructions of an operation, counted by callgrind: the difference of two run lengths, divided by the operations
that the longer one does more. The loop and the calls through the library's exported symbols are included; start-up,
preparation and exit drop out. The count is the same each time."""

import re
import shutil

import programs
from allocators import Problem
from report import failures_print, short, table

ROWS = (("bare-pair-64", "malloc(64) and free"), ("bare-batch", "batches of mixed sizes"))
SHORT_COUNT = 50000
LONG_COUNT = 250000


def instructions(row, count, allocator):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", programs.program("micro")]
    command += ["--count", str(count), "--json", row]
    output, said = programs.output_of(command, allocator.environment())
    programs.result_in(output, allocator)
    collected = re.search(r"Collected\s*:\s*(\d+)", said)
    if collected is None:
        raise programs.Failure("callgrind gave no count")
    return int(collected.group(1))


def each(row, allocator):
    """Instructions of one operation."""
    more = instructions(row, LONG_COUNT, allocator) - instructions(row, SHORT_COUNT, allocator)
    return more / (LONG_COUNT - SHORT_COUNT)


def run(settings, allocators, progress):
    if shutil.which("valgrind") is None:
        raise Problem("valgrind is not installed: apt-get install valgrind")
    failures = []
    found = {allocator.name: {} for allocator in allocators}
    for row, what in ROWS:
        for allocator in allocators:
            progress.show("callgrind: " + what, allocator.name)
            try:
                found[allocator.name][row] = each(row, allocator)
            except programs.Failure as failure:
                failures.append((allocator.name, row, failure))
    progress.clear()
    rows = [[name] + [short(values.get(row)) for row, _ in ROWS] for name, values in found.items()]
    table("Instructions of a block taken and freed, loop included", [""] + [what for _, what in ROWS], rows)
    failures_print(failures)
    return {"rows": found, "failures": [[name, what, str(why)] for name, what, why in failures]}
