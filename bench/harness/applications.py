"""Runs real programs under each allocator: what Debian ships and what allocates a lot. Their inputs are in
bench/programs.

A run counts only if the program ends well, prints (or leaves in the file `result`) what it does under the first
allocator, and if every malloc in it was bound to the allocator: the dynamic linker itself is asked for that, once for
each program and allocator. That holds for glibc too: it is preloaded into these programs, as Debian links some of them
with jemalloc.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from typing import NamedTuple

import programs
import rows
from allocators import ROOT, TUNING_PREFIXES
from report import failures_print

QUICK = rows.Plan(seconds=35, least=1, most=3)
FULL = rows.Plan(seconds=260, least=3, most=7)
INPUTS = os.path.join(ROOT, "bench", "programs")
# What a program writes stays in memory, where there is such a folder: disks are no part of the comparison.
MEMORY_FOLDER = "/dev/shm"
SERVER_PATIENCE_SECONDS = 20

SAME = {"LC_ALL": "C.UTF-8", "PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}


class Application(NamedTuple):
    name: str
    what: str
    command: str  # words, in which {inputs} and {amount} are filled in; it runs in an empty folder
    amounts: tuple  # of a full run and of a quick one
    probe: str  # something small that loads the same libraries
    same_output: bool = True


APPLICATIONS = [
    Application(
        "python",
        "CPython on its malloc: records, text, JSON, syntax trees",
        "python3 {inputs}/objects.py {amount}",
        (6, 1),
        "python3 --version",
    ),
    Application(
        "gcc",
        "the C compiler, -O2",
        "gcc -O2 -S -DTENS={amount} -o result {inputs}/compile_me.c",
        (10, 1),
        "gcc -x c -S -o /dev/null /dev/null",
    ),
    Application(
        "g++",
        "the C++ compiler, -O2",
        "g++ -O2 -S -DSTORES={amount} -o result {inputs}/compile_me.cc",
        (1, 0),
        "g++ -x c++ -S -o /dev/null /dev/null",
    ),
    Application(
        "sqlite3",
        "a script of SQL, in memory",
        "sqlite3 :memory: {amount}",
        (3, 1),
        "sqlite3 --version",
    ),
    Application(
        "rocksdb",
        "db_bench: fill and read at random, two threads",
        "db_bench --db=db --benchmarks=fillrandom,readrandom --num={amount} --threads=2 --seed=1 --disable_wal=1"
        " --compression_type=none --write_buffer_size=4194304",
        (60000, 10000),
        "db_bench --version",
        False,
    ),
    Application(
        "ghostscript",
        "pages of PostScript into pixels",
        "gs -q -dNOPAUSE -dBATCH -dSAFER -sDEVICE=ppmraw -r72 -dPAGES={amount} -o result {inputs}/document.ps",
        (40, 4),
        "gs --version",
    ),
    Application("z3", "three formulas", "z3 {inputs}/puzzle.smt2", (None, None), "z3 --version"),
    Application("lua", "trees, strings and tables", "lua5.4 {inputs}/trees.lua {amount}", (30, 3), "lua5.4 -v"),
    Application("perl", "hashes, regular expressions, sorting", "perl {inputs}/words.pl {amount}", (8, 1), "perl -v"),
]


def words_of(application, quick):
    amount = application.amounts[1 if quick else 0]
    words = [word.format(inputs=INPUTS, amount=amount) for word in application.command.split()]
    if application.name == "sqlite3":
        words[2:] = [".read %s/speed.sql" % INPUTS] * amount
    return words


def environment():
    kept = {name: value for name, value in os.environ.items() if not name.startswith(TUNING_PREFIXES)}
    return {**kept, **SAME}


@contextlib.contextmanager
def scratch_folder():
    place = MEMORY_FOLDER if os.access(MEMORY_FOLDER, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="cairn-bench-", dir=place) as folder:
        yield folder


# ---- is it the allocator's malloc? -----------------------------------------------------------------------------------

BINDING = re.compile(r"binding file (\S+) \[\d+\] to (\S+) \[\d+\]: normal symbol `malloc'")
checked = set()


def bindings(command, preload):
    """Pairs (file that calls malloc, file whose malloc it gets) of all processes of a command."""
    with tempfile.TemporaryDirectory() as folder:
        said = os.path.join(folder, "said")
        linker = {"LD_PRELOAD": preload, "LD_BIND_NOW": "1", "LD_DEBUG": "bindings", "LD_DEBUG_OUTPUT": said}
        subprocess.run(command, env={**environment(), **linker}, capture_output=True, check=False)
        found = []
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                found += BINDING.findall(file.read())
        return found


def binding_check(application, allocator):
    """Raises Failure where a malloc of the program is not the allocator's."""
    if (application.name, allocator.name) in checked:
        return
    found = bindings(application.probe.split(), allocator.preload())
    if not found:
        raise programs.Failure("calls no malloc that the dynamic linker knows of")
    for caller, provider in found:
        if not allocator.serves(provider):
            raise programs.Failure("%s got its malloc from %s: the preload did not take" % (caller, provider))
    checked.add((application.name, allocator.name))


# ---- runs ------------------------------------------------------------------------------------------------------------

expected = {}  # the digest of what each application puts out


def output_check(application, stdout, folder):
    digest = hashlib.sha256(stdout)
    result = os.path.join(folder, "result")
    if os.path.exists(result):
        with open(result, "rb") as file:
            digest.update(file.read())
    if expected.setdefault(application.name, digest.hexdigest()) != digest.hexdigest():
        raise programs.Failure("puts out something else than under the first allocator")


def spawned(command, allocator, folder):
    """The words that run a command on the allocator, and the file that will hold what it took."""
    took = os.path.join(folder, "took.json")
    return [programs.program("spawn"), took, allocator.preload()] + command, took


def group_end(process):
    """Ends a program, and all that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def took_of(path):
    """What a run took, in the file that spawn has written."""
    try:
        with open(path, encoding="utf-8") as file:
            took = json.load(file)
    except (OSError, ValueError):
        raise programs.Failure("could not be started")
    if took["status"] != 0:
        raise programs.Failure("exit status %d" % took["status"])
    return took


def outputs_of(command, folder):
    """Runs a command to its end; what it printed."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        return process.communicate(timeout=programs.RUN_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        raise programs.Failure("not done after %d s" % programs.RUN_LIMIT_SECONDS)
    finally:
        group_end(process)


def application_run(application, quick, allocator):
    binding_check(application, allocator)
    with scratch_folder() as folder:
        command, took = spawned(words_of(application, quick), allocator, folder)
        stdout, stderr = outputs_of(command, folder)
        if b"cannot be preloaded" in stderr:
            raise programs.Failure("the preload did not take")
        result = took_of(took)
        if application.same_output:
            output_check(application, stdout, folder)
        return result


# ---- redis -----------------------------------------------------------------------------------------------------------

REDIS = Application("redis", "redis-server under redis-benchmark", "", (60000, 10000), "redis-server --version")


def redis_say(socket, *words):
    """What the server answers; empty where there is none yet."""
    command = ["redis-cli", "-s", socket, *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment(), check=False).stdout.strip()


def redis_load(socket, requests):
    """Puts the server under load; the nanoseconds that takes."""
    command = [
        "redis-benchmark",
        "-s",
        socket,
        "-q",
        "-n",
        str(requests),
        "-r",
        "20000",
        "-c",
        "20",
        "-P",
        "16",
        "-d",
        "100",
    ]
    command += ["-t", "set,get,incr,lpush,rpop,sadd,hset,zadd,lrange_100"]
    began = time.monotonic_ns()
    done = subprocess.run(
        command, capture_output=True, env=environment(), check=False, timeout=programs.RUN_LIMIT_SECONDS
    )
    if done.returncode != 0:
        raise programs.Failure("redis-benchmark ends with %d" % done.returncode)
    return time.monotonic_ns() - began


def redis_await(socket, process):
    until = time.monotonic() + SERVER_PATIENCE_SECONDS
    while redis_say(socket, "ping") != "PONG":
        if process.poll() is not None or time.monotonic() > until:
            raise programs.Failure("the server does not start")
        time.sleep(0.02)


def redis_run(quick, allocator):
    """The time is that of redis-benchmark; the peak is the server's."""
    binding_check(REDIS, allocator)
    with scratch_folder() as folder:
        socket = os.path.join(folder, "socket")
        server = ["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no"]
        command, took = spawned(server, allocator, folder)
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, cwd=folder, env=environment(), start_new_session=True, **silent)
        try:
            redis_await(socket, process)
            ns = redis_load(socket, REDIS.amounts[1 if quick else 0])
            redis_say(socket, "shutdown", "nosave")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(SERVER_PATIENCE_SECONDS)
        finally:
            group_end(process)
        return {**took_of(took), "ns": ns}


# ---- the kind --------------------------------------------------------------------------------------------------------


def rows_all(quick):
    def row(application):
        return rows.Row(application.name, application.what, lambda on: application_run(application, quick, on))

    return [rows.Row(REDIS.name, REDIS.what, lambda on: redis_run(quick, on))] + [row(one) for one in APPLICATIONS]


def is_there(name):
    """Whether a program, and what else its row needs, is installed."""
    if name == REDIS.name:
        return all(shutil.which(program) for program in ("redis-server", "redis-cli", "redis-benchmark"))
    command = next(one.command for one in APPLICATIONS if one.name == name)
    return shutil.which(command.split()[0]) is not None


def run(settings, allocators, progress):
    every = rows.rows_named(settings.only, rows_all(settings.quick))
    missing = [row.name for row in every if not is_there(row.name)]
    if missing:
        progress.say("left out, as not installed: " + ", ".join(missing))
    wanted = [row for row in every if is_there(row.name)]
    plan = (QUICK if settings.quick else FULL).of(settings)
    failures = []
    results = rows.measure(wanted, allocators, plan, progress, failures)
    rows.tables(results, allocators, settings.subject, "Programs, s", scale=1e9)
    failures_print(failures)
    return {"what": {row.name: row.what for row in wanted}, **rows.described(results, failures)}
