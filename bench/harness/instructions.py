"""Instructions of an operation, counted by callgrind: the difference of two run lengths, divided by the operations
that the longer one does more. The loop and the calls through the library's exported symbols are included; start-up,
preparation and exit drop out. The count is the same each time.

bench/instructions.txt keeps Cairn's counts for each compiler; instructions_test.py compares them with what it counts.
"""

import re
import shutil
import subprocess

import programs
from allocators import Problem
from report import failures_print, short, table

ROWS = {
    "bare-pair-64": "malloc(64), free",
    "bare-batch": "mixed sizes, last first",
    "bare-batch-random": "mixed sizes, at random",
    "bare-usable-64": "malloc(64), usable size twice, free",
    "bare-calloc-64": "calloc(4, 16), free",
    "bare-aligned": "posix_memalign(64, 100), free",
    "bare-realloc": "realloc by 8 bytes",
    "bare-new-64": "new of 64 bytes, delete with the size",
}
# The program that has the row: micro, but for these.
OTHER_PROGRAMS = {"bare-new-64": "objects"}
# Scudo maps more addresses than valgrind has.
NOT_UNDER_VALGRIND = ("scudo",)
SHORT_COUNT = 50000
LONG_COUNT = 250000

KEPT_HEAD = """\
# Instructions of Cairn's release form for one operation, loop included: compiler of the library, row, instructions.
# //bench:instructions_test compares them, and `bazel run //bench:instructions_test -- --keep` writes them anew.
"""
TOLERANCE = 0.02


def instructions(row, count, allocator, program):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program]
    command += ["--count", str(count), "--json", row]
    output, said = programs.output_of(command, allocator.environment())
    programs.result_in(output, allocator)
    collected = re.search(r"Collected\s*:\s*(\d+)", said)
    if collected is None:
        raise programs.Failure("callgrind gave no count")
    return int(collected.group(1))


def each(row, allocator, path_of):
    """Instructions of one operation; `path_of` gives the path of a program by its name."""
    program = path_of(OTHER_PROGRAMS.get(row, "micro"))
    more = instructions(row, LONG_COUNT, allocator, program) - instructions(row, SHORT_COUNT, allocator, program)
    return more / (LONG_COUNT - SHORT_COUNT)


# ---- what is kept ----------------------------------------------------------------------------------------------------


def compiler_of(library):
    """The compiler that a library was built by, as `gcc-12`; None where the library does not say."""
    said = subprocess.run(["readelf", "-p", ".comment", library], capture_output=True, text=True, check=False).stdout
    clang = re.search(r"clang version (\d+)", said)
    gcc = re.search(r"GCC: \(.*\) (\d+)\.", said)
    # The start files that clang links in were built by gcc, so that clang's name counts first.
    return "clang-" + clang.group(1) if clang else "gcc-" + gcc.group(1) if gcc else None


def kept_read(path):
    """(compiler, row) to instructions."""
    with open(path, encoding="utf-8") as file:
        lines = [line.split() for line in file if line.strip() and not line.startswith("#")]
    return {(compiler, row): float(count) for compiler, row, count in lines}


def kept_write(kept, path):
    with open(path, "w", encoding="utf-8") as file:
        file.write(KEPT_HEAD)
        file.writelines("%-10s %-20s %8.2f\n" % (*key, count) for key, count in sorted(kept.items()))


def is_worse(counted, kept):
    return counted > kept * (1 + TOLERANCE)


def is_better(counted, kept):
    return counted < kept * (1 - TOLERANCE)


# ---- the kind --------------------------------------------------------------------------------------------------------


def run(settings, allocators, progress):
    if shutil.which("valgrind") is None:
        raise Problem("valgrind is not installed: apt-get install valgrind")
    failures = []
    allocators = [allocator for allocator in allocators if allocator.name not in NOT_UNDER_VALGRIND]
    found = {allocator.name: {} for allocator in allocators}
    for row, what in ROWS.items():
        for allocator in allocators:
            progress.show("callgrind: " + what, allocator.name)
            try:
                found[allocator.name][row] = each(row, allocator, programs.program)
            except programs.Failure as failure:
                failures.append((allocator.name, row, failure))
    progress.clear()
    lines = [[name] + [short(values.get(row)) for row in ROWS] for name, values in found.items()]
    table("Instructions of a block taken and freed, loop included", [""] + list(ROWS.values()), lines)
    failures_print(failures)
    return {"rows": found, "failures": [[name, what, str(why)] for name, what, why in failures]}
