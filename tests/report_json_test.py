#!/usr/bin/env python3
"""Runs misuse programs on the debug form with report=json, reads what it writes, and prints TAP.

    CAIRN_LIBRARY=path/to/libcairn-debug.so tests/report_json_test.py
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
from typing import Any

HERE = pathlib.Path(__file__).resolve().parent
LIBRARY = pathlib.Path(os.environ["CAIRN_LIBRARY"]).resolve()

PROGRAM = r"""
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **arguments) {
    char *block = malloc(40);
    char local[64];
    printf("%p\n", (void *)block);
    fflush(stdout);
    if (count > 1 && strcmp(arguments[1], "twice") == 0) {
        free(block);
        free(block);
        free(block);
    } else if (count > 1 && strcmp(arguments[1], "overflow") == 0) {
        memset(block + 40, 0, 3);
        free(block);
    } else if (count > 1 && strcmp(arguments[1], "damaged") == 0) {
        memset(block + 40, 0, 3);
        free(block);
        free(block);
    } else if (count > 1 && strcmp(arguments[1], "stack") == 0) {
        free(local + 16);
    } else if (count > 1 && strcmp(arguments[1], "crash") == 0) {
        free(block);
        return **(char **)block;
    }
    return 0;
}
"""


# Of the runs that have any.
OPTIONS = {"crash": ":protect_freed=0", "failures": ":fail_rate=1:fail_stacks=1"}
STATUS = {"crash": -signal.SIGSEGV}


class Run:
    """One run of the program: its reports, and the address of its block."""

    def __init__(self, folder: pathlib.Path, program: pathlib.Path, misuse: str) -> None:
        log = folder / f"{misuse}.json"
        options = f"report=json:log_path={log}:halt_on_error=0" + OPTIONS.get(misuse, "")
        environment = {**os.environ, "LD_PRELOAD": str(LIBRARY), "CAIRN_OPTIONS": options}
        command = [program, misuse]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == STATUS.get(misuse, 0), done
        self.block = done.stdout.strip()
        self.said = done.stderr
        self.lines = log.read_text(encoding="ascii").splitlines() if log.exists() else []
        self.reports: list[dict[str, Any]] = [json.loads(line) for line in self.lines]


def double_free_is_told_whole(run: Run) -> None:
    assert len(run.reports) == 2, run.lines
    first = run.reports[0]
    assert first["kind"] == "double-free"
    assert first["sentence"] == f"free of {run.block}, which is already free"
    assert first["operation"] == "free"
    assert first["thread"] == 1
    assert first["pointer"] == {"offset": 0, "address": run.block, "place": "start"}
    block = first["block"]
    assert (block["size"], block["address"], block["state"]) == (40, run.block, "freed")
    assert block["serial"] >= 1 and block["from"] == "malloc"
    assert block["allocated"]["thread"] == 1 and block["freed"]["thread"] == 1
    for stack in (first["stack"], block["allocated"]["stack"], block["freed"]["stack"]):
        calls = [frame for frame in stack if frame.get("function") == "main"]
        assert len(calls) == 1 and calls[0]["file"].endswith("program.c") and calls[0]["line"] > 1, stack
        assert calls[0]["module"].endswith("/program") and int(calls[0]["module_offset"], 16) > 0
    assert "damage" not in first


def damage_is_told_byte_by_byte(run: Run) -> None:
    (report,) = run.reports
    assert report["kind"] == "heap-buffer-overflow"
    damage = report["damage"]
    assert (damage["offset"], damage["bytes"], damage["found"]) == (40, 3, "000000")
    assert int(damage["address"], 16) == int(run.block, 16) + 40
    expected = bytes.fromhex(damage["expected"])
    assert len(expected) == 3 and 0 not in expected
    assert "pointer" not in report and report["block"]["state"] == "live"


def damaged_block_is_set_aside(run: Run) -> None:
    assert [report["kind"] for report in run.reports] == ["heap-buffer-overflow", "double-free"]
    assert [report["block"]["state"] for report in run.reports] == ["live", "set aside, damaged"]


def pointer_outside_the_heap_is_placed(run: Run) -> None:
    (report,) = run.reports
    assert report["kind"] == "bad-free" and "block" not in report
    assert report["pointer"]["place"] == "stack" and report["pointer"]["mapping"] == "[stack]"
    assert report["hint"]


def note_of_a_crash_is_an_object(run: Run) -> None:
    (note,) = run.reports
    assert list(note) == ["note", "process", "thread", "stack"], note
    assert note["note"].startswith("at the SIGSEGV a register holds 0xdddddddddddddddd, which is what freed blocks are")
    assert note["note"].endswith("guard=all stops at that read")
    assert note["process"] > 1 and note["thread"] == 1
    assert note["stack"][0]["function"] == "main"


def each_note_of_a_failure_is_an_object(run: Run) -> None:
    (note,) = [note for note in run.reports if note["note"].endswith(", of 40 bytes, fails as the options say")]
    assert [frame["function"] for frame in note["stack"][:1]] == ["main"]
    assert all(list(note) == ["note", "process", "thread", "stack"] for note in run.reports)


def program_without_misuse_has_no_report(run: Run) -> None:
    assert not run.reports


CASES = {
    "twice": double_free_is_told_whole,
    "overflow": damage_is_told_byte_by_byte,
    "damaged": damaged_block_is_set_aside,
    "stack": pointer_outside_the_heap_is_placed,
    "crash": note_of_a_crash_is_an_object,
    "failures": each_note_of_a_failure_is_an_object,
    "nothing": program_without_misuse_has_no_report,
}


def main() -> int:
    failed = 0
    print(f"1..{len(CASES)}")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        source = folder / "program.c"
        source.write_text(PROGRAM, encoding="ascii")
        program = folder / "program"
        compiler = os.environ.get("CC", "gcc")
        subprocess.run([compiler, "-w", "-g", "-O0", "-fno-builtin", "-o", program, source], check=True)
        for number, (misuse, check) in enumerate(CASES.items(), 1):
            try:
                run = Run(folder, program, misuse)
                check(run)
                assert not run.said, run.said
                print(f"ok {number} - {check.__name__}")
            except (AssertionError, KeyError, ValueError, subprocess.SubprocessError) as error:
                failed += 1
                print(f"not ok {number} - {check.__name__}\n# {error!r}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
