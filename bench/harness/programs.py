"""Builds the programs of bench/ with the C compiler and runs them under an allocator."""

import json
import os
import signal
import subprocess

from allocators import ROOT, Problem

SOURCES = os.path.join(ROOT, "bench")
BUILT = os.path.join(ROOT, "out", "bench")
FLAGS = ["-std=c11", "-O2"]

# Name: sources, further flags. The same as in bench/BUILD.
PROGRAMS = {
    "micro": (
        ["micro.c", "workload.c", "origin.c", "pairs.c", "batches.c", "live.c", "grow.c"]
        + ["worker.c", "threads.c", "exchange.c"],
        ["-pthread"],
    ),
    "memory": (["memory.c", "workload.c", "origin.c"], []),
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


def program(name):
    """The path of a program, built anew if a source has changed."""
    names, further = PROGRAMS[name]
    sources = [os.path.join(SOURCES, source) for source in names]
    path = os.path.join(BUILT, name)
    if is_fresh(path, sources + [os.path.join(SOURCES, header) for header in HEADERS]):
        return path
    os.makedirs(BUILT, exist_ok=True)
    command = [os.environ.get("CC", "cc")] + FLAGS + further + sources + ["-o", path]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise Problem("the C compiler cannot be run (%s); apt-get install gcc libc6-dev, or set CC" % error)
    if done.returncode != 0:
        raise Problem("building %s failed:\n%s" % (name, done.stderr))
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
        said = done.stderr.strip().splitlines()
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
