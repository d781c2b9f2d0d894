"""Builds the programs of bench/ with the C and C++ compilers and runs them under an allocator."""

import json
import os
import shutil
import signal
import subprocess
import tempfile

from allocators import BUILT, ROOT, Problem

SOURCES = os.path.join(ROOT, "bench")
C_FLAGS = ["-std=c11", "-O2"]
CXX_FLAGS = ["-std=c++17", "-O2"]

# Name: sources, flags of the link. The same as in bench/BUILD.
PROGRAMS = {
    "micro": (
        ["micro.c", "tables.c", "workload.c", "origin.c", "pairs.c", "batches.c", "live.c", "grow.c", "parse.c"]
        + ["worker.c", "threads.c", "exchange.c"],
        ["-pthread", "-ldl"],
    ),
    "objects": (["micro.c", "objects.cc", "workload.c", "origin.c"], ["-ldl"]),
    "latency": (["latency.c", "workload.c", "origin.c", "worker.c"], ["-pthread", "-ldl"]),
    "memory": (["memory.c", "workload.c", "origin.c"], ["-ldl"]),
    "timeline": (["timeline.c", "workload.c", "origin.c"], ["-ldl"]),
    "spawn": (["spawn.c", "workload.c"], ["-static"]),
    "startup": (["startup.c", "workload.c"], ["-static"]),
}

HEADERS = ["workload.h", "worker.h"]

RUN_LIMIT_SECONDS = 300


class Failure(Exception):
    """One run of a program under one allocator went wrong; the others go on."""


def is_fresh(program, sources):
    if not os.path.exists(program):
        return False
    built = os.path.getmtime(program)
    return all(os.path.getmtime(source) < built for source in sources)


def compiler_run(variable, default, package, arguments):
    """Runs the compiler that the environment names, or the system's."""
    try:
        command = [os.environ.get(variable, default)] + arguments
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Problem("the compiler cannot be run (%s); apt-get install %s, or set %s" % (error, package, variable))
    if done.returncode != 0:
        raise Problem("%s failed:\n%s" % (" ".join(command), done.stderr))


def object_of(source, folder):
    """Compiles one source; returns the path of the object."""
    path = os.path.join(folder, os.path.basename(source) + ".o")
    if source.endswith(".cc"):
        compiler_run("CXX", "c++", "g++", CXX_FLAGS + ["-c", source, "-o", path])
    else:
        compiler_run("CC", "cc", "gcc", C_FLAGS + ["-c", source, "-o", path])
    return path


def program(name):
    """The path of a program, built anew if a source has changed."""
    names, link_flags = PROGRAMS[name]
    sources = [os.path.join(SOURCES, source) for source in names]
    path = os.path.join(BUILT, name)
    if is_fresh(path, sources + [os.path.join(SOURCES, header) for header in HEADERS]):
        return path
    os.makedirs(BUILT, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        objects = [object_of(source, folder) for source in sources]
        linked = os.path.join(folder, name)
        if any(source.endswith(".cc") for source in sources):
            compiler_run("CXX", "c++", "g++", objects + link_flags + ["-o", linked])
        else:
            compiler_run("CC", "cc", "gcc", objects + link_flags + ["-o", linked])
        shutil.move(linked, path)
    return path


def ended_how(code):
    return "killed by %s" % signal.Signals(-code).name if code < 0 else "exit status %d" % code


def output_of(command, environment):
    """Standard output and error of a command that ends well."""
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, errors="replace", timeout=RUN_LIMIT_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise Failure("not done after %d s" % RUN_LIMIT_SECONDS)
    if done.returncode != 0:
        said = [line for line in done.stderr.strip().splitlines() if not line.startswith("==")]  # valgrind's head
        raise Failure(ended_how(done.returncode) + (": " + said[0] if said else ""))
    return done.stdout, done.stderr


def result_in(output, allocator):
    """The JSON object that a program has printed, if its malloc was the allocator's."""
    try:
        result = json.loads(output)
    except ValueError:
        raise Failure("its output is not what was expected: %r" % output[:200])
    if not allocator.serves(result["malloc"]):
        raise Failure("malloc came from %s: the preload did not take" % result["malloc"])
    return result


def result_of(command, allocator):
    """Runs a program under the allocator; returns the JSON object that it prints."""
    output, _ = output_of(command, allocator.environment())
    return result_in(output, allocator)
