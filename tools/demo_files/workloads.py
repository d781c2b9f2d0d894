"""The programs that the demo runs. Each workload has a name, a line of what it does, and run(preload) -> Sample."""

import contextlib
import hashlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

import measure

HERE = pathlib.Path(__file__).resolve().parent


def environment(preload, **more):
    """This environment with the library preloaded, in front of anything the program is linked with."""
    env = {name: value for name, value in os.environ.items() if name not in ("LD_PRELOAD", "CAIRN_OPTIONS")}
    return {**env, "LD_PRELOAD": preload, **more}


def version_of(*command):
    """The first line that the command prints."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.partition("\n")[0]


class Redis:
    """A server of its own on a free port of the loopback interface, with no files; stopped after each run."""

    name = "redis-server"
    does = "redis-benchmark on loopback: set, get, lists, sets, hashes; CPU and memory are the server's"
    after_flush = "after FLUSHALL"
    # Of each command a benchmark of its own; the random part of the key makes up to so many keys.
    requests, keys, value_bytes = 240_000, 150_000, 400
    commands = "set,get,incr,lpush,rpop,sadd,hset,zadd"

    def __init__(self, directory):
        self.directory = directory
        self.version = version_of("redis-server", "--version").partition(" sha=")[0]
        if links_jemalloc(shutil.which("redis-server")):
            self.version += ", linked with jemalloc: glibc's malloc is put in front of that"

    def run(self, preload):
        with self.server(preload) as (process, port):
            start = time.monotonic()
            measure.run(
                ["redis-benchmark", "-h", "127.0.0.1", "-p", str(port), "-q", "-P", "16", "-c", "32"]
                + ["-n", str(self.requests), "-r", str(self.keys), "-d", str(self.value_bytes), "-t", self.commands]
            )
            seconds = time.monotonic() - start
            cpu_seconds = measure.cpu_seconds_of(process.pid)
            peak = measure.memory_of(process.pid, "VmHWM")
            measure.run(["redis-cli", "-h", "127.0.0.1", "-p", str(port), "flushall", "sync"])
            time.sleep(1)  # the server's own timer runs on, and with it the allocator
            left = measure.memory_of(process.pid, "VmRSS")
        return measure.Sample(seconds, cpu_seconds, peak, figures={self.after_flush: left})

    @contextlib.contextmanager
    def server(self, preload):
        port = free_port()
        log = self.directory / "redis.log"
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
        command += ["--dir", str(self.directory), "--daemonize", "no"]
        with log.open("wb") as output, measure.running(
            command, env=environment(preload), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        ) as process:
            try:
                wait_for_server(port)
                check_preload(process.pid, preload)
                yield process, port
            except (measure.Failed, OSError) as failure:
                end = "is running" if process.poll() is None else f"ended with {measure.describe_end(process.returncode)}"
                text = measure.readable(log.read_bytes())
                raise measure.Failed(f"{failure}\nredis-server {end}; its log:\n{text}") from failure


def links_jemalloc(program):
    libraries = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return "libjemalloc" in libraries


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_server(port, patience_seconds=10):
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(b"PING\r\n")
            if connection.recv(16).startswith(b"+PONG"):
                return
        time.sleep(0.02)
    raise measure.Failed(f"nothing answers on port {port} within {patience_seconds} seconds")


def check_preload(pid, preload):
    """That the process has really mapped the library: the dynamic linker only warns where it cannot."""
    name = os.path.basename(os.path.realpath(preload)) if "/" in preload else preload
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
    if name not in maps:
        raise measure.Failed(f"{preload} was not loaded into process {pid}")


class Python:
    """CPython with its own small-object allocator switched off, so that each object is a malloc."""

    name = "python3"
    does = "a script of records, text, JSON and a churning cache; PYTHONMALLOC=malloc"

    def __init__(self, directory):
        del directory
        self.version = version_of(sys.executable, "--version")

    def run(self, preload):
        command = [sys.executable, str(HERE / "allocate.py")]
        return measure.run(command, environment(preload, PYTHONMALLOC="malloc", PYTHONHASHSEED="0"))


class Compiler:
    """gcc on a large generated file; the output that is compared is the object file."""

    name = "gcc -O2"
    does = "compile of a generated C file of {kibibytes} KiB in {lines} lines; peak is the compiler proper's"
    functions = 220

    def __init__(self, directory):
        self.directory = directory
        self.version = version_of("gcc", "--version")
        self.source = directory / "generated.c"
        self.object = directory / "generated.o"
        self.source.write_bytes(
            subprocess.run(
                [sys.executable, str(HERE / "generate_c.py"), str(self.functions)], check=True, capture_output=True
            ).stdout
        )
        text = self.source.read_bytes()
        self.does = self.does.format(lines=text.count(b"\n"), kibibytes=len(text) // 1024)

    def run(self, preload):
        command = ["gcc", "-O2", "-c", str(self.source), "-o", str(self.object)]
        sample = measure.run(command, environment(preload, TMPDIR=str(self.directory)))
        sample.output += hashlib.sha256(self.object.read_bytes()).digest()
        return sample


def missing_programs():
    return [name for name in ("redis-server", "redis-benchmark", "redis-cli", "gcc") if shutil.which(name) is None]
