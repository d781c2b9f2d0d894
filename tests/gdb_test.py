#!/usr/bin/env python3
"""Drives gdb with the commands of tools/gdb on a live process and on its core file, and prints TAP.

    CAIRN_LIBRARY=path/to/libcairn-debug.so CAIRN_GDB=tools/gdb/cairn.py tests/gdb_test.py
"""

import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile

LIBRARY = pathlib.Path(os.environ["CAIRN_LIBRARY"]).resolve()
COMMANDS = pathlib.Path(os.environ["CAIRN_GDB"]).absolute()

# Sparse, and a fraction of it on disk; the limit is for a day on which it is not.
CORE_LIMIT = 512 << 20

PROGRAM = r"""
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void *keep, *freed, *inside, **sealed;
static pthread_barrier_t barrier;

__attribute__((noinline)) void stop_here(void) { __asm__ volatile(""); }

__attribute__((noinline)) void lose(size_t size) {
    memset(malloc(size), 1, size);
    __asm__ volatile("");
}

__attribute__((noinline)) void clear(void) {
    char frame[8192];
    memset(frame, 0, sizeof frame);
    __asm__ volatile("" : : "r"(frame) : "memory");
}

/* What is left of it lies below whatever is called later. */
__attribute__((noinline)) void forget_far_below(void) {
    void *volatile frame[8192];
    frame[0] = malloc(2000);
}

/* A pointer in memory that can only be read. */
static void seal(void *pointer) {
    sealed = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *sealed = pointer;
    mprotect(sealed, 4096, PROT_READ);
}

static void *wait_and_abort(void *argument) {
    void *volatile local = malloc(77);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    abort();
}

int main(void) {
    pthread_t thread;
    keep = malloc(40);
    freed = malloc(50);
    free(freed);
    inside = (char *)malloc(300000) + 5;
    seal(malloc(60));
    forget_far_below();
    for (int i = 0; i < 3; i++) {
        lose(1000);
    }
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, wait_and_abort, NULL);
    pthread_barrier_wait(&barrier);
    clear();
    stop_here();
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
}
"""

count = 0
failed = 0


def case(name: str, said: str, *patterns: str) -> None:
    """Passes where each of the patterns is found."""
    global count, failed
    count += 1
    missing = [pattern for pattern in patterns if re.search(pattern, said) is None]
    if not missing:
        print(f"ok {count} - {name}", flush=True)
        return
    failed += 1
    print(f"not ok {count} - {name}\n# not found: {missing}")
    print("\n".join("# | " + line for line in said.splitlines()[-60:]), flush=True)


def skip(name: str, why: str) -> None:
    global count
    count += 1
    print(f"ok {count} - {name} # SKIP {why}", flush=True)


def gdb(*arguments: str, commands: list[str]) -> str:
    words = ["gdb", "-nx", "-batch"]
    for command in commands:
        words += ["-ex", command]
    done = subprocess.run([*words, *arguments], capture_output=True, text=True, timeout=300, check=False)
    return done.stdout + done.stderr


def check_all(what: str, before: list[str], *arguments: str) -> None:
    """All commands on a live process or a core file."""

    def run(command: str) -> str:
        return gdb(*arguments, commands=[*before, f"source {COMMANDS}", command])

    case(
        f"block of {what} tells who allocated it",
        run("cairn block keep"),
        r"lies at the start of a block of 40 bytes\n",
        r"serial \d+, live, from malloc\n  allocated by thread 1 here:\n    #0 0x\w+ in main ",
        r" in main \+ \d+ at \S*program\.c:\d+\n",
    )
    case(
        f"freed block of {what} tells who freed it",
        run("cairn block freed"),
        r"lies at the start of a freed block of 50 bytes\n",
        r"freed by thread 1 here:\n(.*\n)?    #\d 0x\w+ in main ",
    )
    case(
        f"pointer into a block of {what} has its offset",
        run("cairn block inside"),
        r"lies 5 bytes inside a block of 300,000 bytes\n",
    )
    case(f"pointer out of the heap of {what} is none", run("cairn block &keep"), r"lies outside the heap\n")
    case(
        f"heap of {what} is summed up",
        run("cairn heap"),
        r"\n   1,024 +1 +3 +0 +\d+\n",
        r"\n   spans +1 +0\n",
        r"\n  300,000 bytes in 1 block, allocated here:\n    #0 0x\w+ in main ",
    )
    case(
        f"leaks of {what} are those that nothing points to",
        run("cairn leaks"),
        r"leak: 3,000 bytes in 3 blocks that nothing points to\n",
        r"    #0 0x\w+ in lose \+ \d+ at \S*program\.c:\d+\n",
        r"leak: 2,000 bytes in 1 block that nothing points to\n",
        r"\n5,000 bytes lost in 4 blocks\n",
    )


def limit_core() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (CORE_LIMIT, CORE_LIMIT))


def make_core(folder: pathlib.Path, program: pathlib.Path) -> pathlib.Path | None:
    """The core file that the system writes; None where it goes elsewhere."""
    environment = {**os.environ, "LD_PRELOAD": str(LIBRARY)}
    subprocess.run([program], env=environment, cwd=folder, preexec_fn=limit_core, timeout=60, check=False)
    return next(iter(folder.glob("core*")), None)


def check_core_of_gdb(folder: pathlib.Path, program: pathlib.Path, start: list[str]) -> None:
    """gdb writes all memory, accessible or not, unless it is marked to be left out."""
    core = folder / "written_by_gdb"
    gdb(str(program), commands=[*start, f"gcore {core}"])
    size = core.stat().st_size
    case("core file written by gdb leaves reserved addresses out", "small" if size < CORE_LIMIT else str(size), "^small$")
    said = gdb(str(program), str(core), commands=[f"source {COMMANDS}", "cairn block keep"])
    case("core file written by gdb has what the commands need", said, r"lies at the start of a block of 40 bytes\n")
    said = gdb(str(program), str(core), commands=[f"source {COMMANDS}", "cairn leaks"])
    case("leaks of a core file written by gdb are the same", said, r"\n5,000 bytes lost in 4 blocks\n")


def main() -> int:
    if shutil.which("gdb") is None:
        print("1..1\nok 1 - gdb commands # SKIP there is no gdb")
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "program.c").write_text(PROGRAM, encoding="ascii")
        program = folder / "program"
        compiler = os.environ.get("CC", "gcc")
        options = ["-w", "-g", "-O0", "-fno-builtin", "-pthread"]
        subprocess.run([compiler, *options, "-o", program, folder / "program.c"], check=True)
        start = ["set startup-with-shell off", f"set environment LD_PRELOAD {LIBRARY}", "break stop_here", "run"]
        check_all("a live process", start, str(program))
        core = make_core(folder, program)
        if core is None:
            skip("commands on a core file", "the system writes none into the working directory")
        else:
            check_all("a core file", [], str(program), str(core))
        check_core_of_gdb(folder, program, start)
        stripped = folder / "stripped"
        subprocess.run(["strip", "-o", stripped, program], check=True)
        # Without symbols it cannot stop at stop_here: it goes on to its abort.
        at_end = [*start[:2], "run", f"source {COMMANDS}", "cairn heap"]
        case(
            "without symbols a place is a file and where in it",
            gdb(str(stripped), commands=at_end),
            r"\n  300,000 bytes in 1 block, allocated here:\n    #0 0x\w+ in /\S*/stripped\+0x\w+\n",
        )
        said = gdb(str(program), commands=[*start, f"source {COMMANDS}", "cairn block no_such_thing"])
        case("what gdb cannot evaluate is named", said, 'cairn block: No symbol "no_such_thing" in current context')
    said = gdb(commands=[f"source {COMMANDS}", "cairn heap now"])
    case("an argument that is too much is refused", said, "cairn heap takes no argument")
    said = gdb(commands=[f"source {COMMANDS}", "cairn"])
    case("the commands are listed", said, "cairn block", "cairn heap", "cairn leaks")
    said = gdb(commands=[f"source {COMMANDS}", "cairn heap"])
    case("without a debug form the commands say so", said, "no debug form of Cairn with debug information here")
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
