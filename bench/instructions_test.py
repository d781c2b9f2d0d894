#!/usr/bin/python3
"""Whether the hot paths take as few instructions as bench/instructions.txt says. Prints TAP.

    instructions_test.py MICRO OBJECTS LIBRARY [unoptimised] [--keep]

More than two per cent above what is kept fails. `--keep` writes what was counted instead; it is meant for

    bazel run //bench:instructions_test -- --keep                  (and the same with --config=clang)

The counts depend on the compiler of the library. Where there are none for it, or valgrind is missing, nothing can be
compared, and the cases are skipped. What is counted has no debug information: that of clang 14 makes valgrind give up.
"""

import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "harness"))

import instructions  # noqa: E402
import programs  # noqa: E402
from allocators import Allocator  # noqa: E402


def reason_to_skip(words, compiler, kept):
    if "unoptimised" in words:
        return "the library is not optimised in this build"
    if shutil.which("valgrind") is None:
        return "valgrind is not installed"
    if not any(known == compiler for known, _ in kept):
        return "no counts are kept for %s" % compiler
    return None


def stripped(file, folder):
    """A copy without debug information."""
    copy = os.path.join(folder, os.path.basename(file))
    subprocess.run(["strip", "--strip-debug", "-o", copy, file], check=True)
    return copy


def case(number, row, count, kept):
    """A line of TAP on one row."""
    title = "%d - %s takes no more instructions than are kept" % (number, instructions.ROWS[row])
    if kept is None:
        return "not ok %s: nothing is kept for %s" % (title, row)
    figures = "%.2f, kept %.2f" % (count, kept)
    if instructions.is_worse(count, kept):
        return "not ok %s: %s" % (title, figures)
    if instructions.is_better(count, kept):
        return "ok %s # %s: fewer; keep that by bazel run //bench:instructions_test -- --keep" % (title, figures)
    return "ok %s # %s" % (title, figures)


def compare(paths, allocator, compiler, kept):
    """Counts and prints; returns whether all is well."""
    lines = []
    for number, row in enumerate(instructions.ROWS, 1):
        try:
            count = instructions.each(row, allocator, paths.get)
        except programs.Failure as failure:
            lines.append("not ok %d - %s can be counted: %s" % (number, row, failure))
        else:
            lines.append(case(number, row, count, kept.get((compiler, row))))
        print(lines[-1], flush=True)
    return not any(line.startswith("not ok") for line in lines)


def keep(paths, allocator, compiler, kept, path):
    counted = {(compiler, row): instructions.each(row, allocator, paths.get) for row in instructions.ROWS}
    instructions.kept_write({**kept, **counted}, path)
    print("%s: %d counts of %s" % (path, len(counted), compiler))


def run(paths, library, words, path):
    """Keeps or compares; returns whether all is well. `paths` are the programs' by their names."""
    kept = instructions.kept_read(path) if os.path.exists(path) else {}
    compiler = instructions.compiler_of(library)
    allocator = Allocator("cairn", library, "this tree")
    if "--keep" in words:
        keep(paths, allocator, compiler, kept, path)
        return True
    print("1..%d" % len(instructions.ROWS))
    reason = reason_to_skip(words, compiler, kept)
    if reason is None:
        return compare(paths, allocator, compiler, kept)
    for number, row in enumerate(instructions.ROWS, 1):
        print("ok %d - %s # SKIP %s" % (number, row, reason))
    return True


def main(micro, objects, library, *words):
    # `bazel run` names the tree, in which the file is to be written.
    tree = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    path = os.path.join(tree, "bench", "instructions.txt") if tree else os.path.join(HERE, "instructions.txt")
    with tempfile.TemporaryDirectory() as folder:
        paths = {"micro": stripped(micro, folder), "objects": stripped(objects, folder)}
        return 0 if run(paths, stripped(library, folder), words, path) else 1


sys.exit(main(*sys.argv[1:]))
