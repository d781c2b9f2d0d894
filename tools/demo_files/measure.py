"""Runs programs and measures time and peak memory. Also used on its own:

    python3 measure.py COMMAND [ARGUMENT...]     prints them after the command's output
"""

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import time


@dataclasses.dataclass
class Sample:
    """One run. `seconds` is wall time; `figures` are further named memory sizes in bytes; `output` is what must not
    depend on the allocator."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: bytes = b""
    figures: dict = dataclasses.field(default_factory=dict)


class Failed(Exception):
    """A program did not do what it was run for; the text is for the user."""


class Signals:
    """Ends this program in order on a signal: the stack unwinds, and with it goes what was started. A signal that comes
    while a process is being started waits until there is someone to end that process."""

    held = False
    pending = None

    @classmethod
    def install(cls):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, cls._arrive)

    @classmethod
    def _arrive(cls, number, frame):
        del frame
        for further in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(further, signal.SIG_IGN)
        cls.pending = number
        cls._act()

    @classmethod
    def _act(cls):
        if cls.pending is not None and not cls.held:
            sys.exit(128 + cls.pending)

    @classmethod
    def hold(cls):
        cls.held = True

    @classmethod
    def release(cls):
        cls.held = False
        cls._act()


@contextlib.contextmanager
def running(command, **options):
    """The process of the command, in a session of its own; it and its children are ended on leaving, if they have not
    ended by themselves."""
    process = None
    Signals.hold()
    try:
        process = subprocess.Popen(command, start_new_session=True, **options)
        Signals.release()
        yield process
    finally:
        if process is not None and process.returncode is None:
            end(process)


def end(process, patience_seconds=5):
    """Asks, then forces."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def run(command, env=None):
    """Runs the command and returns a Sample of it.

    The peak is the largest resident set of any one process among the command and the children it waited for. It is
    never below this interpreter's own, since a new process starts as its parent's copy.
    """
    start = time.monotonic()
    with running(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        with process.stdout:
            output = process.stdout.read()
        _, wait_status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(wait_status)
    seconds = time.monotonic() - start
    if process.returncode != 0:
        raise Failed(f"{command[0]} ended with {describe_end(process.returncode)}:\n{readable(output)}")
    return Sample(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, output)


def readable(output, lines_max=30):
    """Output for a message: its first lines, each as it stood at last where the program wrote over it."""
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in output.decode(errors="replace").split("\n")]
    return "\n".join(lines[:lines_max] + (["..."] if len(lines) > lines_max else []))


def describe_end(returncode):
    """A return code of subprocess in words."""
    return f"signal {-returncode}" if returncode < 0 else f"status {returncode}"


def memory_of(pid, field):
    """A memory field of /proc/PID/status in bytes: VmHWM is the peak so far, VmRSS is now."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            name, _, value = line.partition(":")
            if name == field:
                return int(value.split()[0]) * 1024
    raise Failed(f"process {pid} has no {field}")


def cpu_seconds_of(pid):
    """The time that the process has spent on a CPU, in the program and in the kernel."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    Signals.install()
    try:
        sample = run(sys.argv[1:])
    except (Failed, OSError) as error:
        sys.exit(f"measure: {error}")
    sys.stdout.buffer.write(sample.output)
    print(f"{sample.seconds:.2f} s, {sample.cpu_seconds:.2f} s on a CPU, peak {sample.peak_bytes / 2**20:.1f} MiB", file=sys.stderr)


if __name__ == "__main__":
    main()
