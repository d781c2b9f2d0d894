"""A fuzzer at work: started, watched through what it writes, started again after a crash until its time is over."""

import dataclasses
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
from typing import Optional

import targets as fuzz

_STATUS = re.compile(r"^#(\d+)\s+\w+\s+cov: (\d+) .*?corp: (\d+)/", re.MULTILINE)
# What fuzz/operations.h says at a fuzzer's end.
_OPERATIONS = re.compile(r"^stat::operations: (\d+)$", re.MULTILINE)
_LIMITS = ["-timeout=25", "-rss_limit_mb=2560", "-detect_leaks=0"]
# A fuzzer that ends at once each time has a crash in its corpus: there is no point in going on.
_MOST_STARTS = 20
_TAIL_BYTES = 1 << 16

ENVIRONMENT = {
    "ASAN_OPTIONS": "abort_on_error=1:detect_leaks=0:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    # libFuzzer allocates where it handles a SIGABRT; the report of that would wait for itself.
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1:report_signal_unsafe=0",
}
# AFL++ has sanitizer options of its own; it is to change no setting of the machine, and to draw no screen.
AFL_ENVIRONMENT = {
    "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1",
    "AFL_SKIP_CPUFREQ": "1",
    "AFL_NO_UI": "1",
}


@dataclasses.dataclass
class Figures:
    runs: int = 0
    coverage: int = 0
    corpus: int = 0
    crashes: int = 0
    operations: int = 0  # so far, of fuzzers that have ended and that count them


class Session:
    """The fuzzer of one target, for so many seconds; `work` holds its finds, its crashes and its log."""

    environment = ENVIRONMENT
    patience_seconds = 120.0  # a fuzzer that has not ended so long after its time never will

    def __init__(self, target: fuzz.Target, binary: pathlib.Path, work: pathlib.Path, seconds: float):
        self.target = target
        self.binary = binary
        self.work = work
        self.seconds = seconds
        self.figures = Figures()
        self.starts = 0
        self.runs_before = 0
        self.began = time.monotonic()
        self.process: Optional[subprocess.Popen] = None
        self.is_stopped = False
        self.hangs = False
        self.hold = fuzz.hold(work / "in-use")  # as long as this one may be asked for its crashes
        for folder in ("corpus", "crashes"):
            (work / folder).mkdir(exist_ok=True)
        for old in (work / "crashes").iterdir():
            old.unlink()
        self.log = (work / "log").open("w+b")
        self.log_start = 0  # of what the fuzzer that runs now says
        self.start()

    @property
    def elapsed(self) -> float:
        return min(time.monotonic() - self.began, self.seconds)

    @property
    def crash_files(self) -> list[pathlib.Path]:
        return sorted(path for path in (self.work / "crashes").iterdir() if path.is_file())

    def seeds(self) -> list[str]:
        return [str(fuzz.ROOT / folder) for folder in self.target.corpora if (fuzz.ROOT / folder).is_dir()]

    def command(self, seconds: int) -> list[str]:
        flags = [*self.target.engine_flags(fuzz.ROOT), *_LIMITS, f"-max_total_time={seconds}"]
        flags.append(f"-artifact_prefix={self.work}/crashes/")
        return [str(self.binary), *flags, f"{self.work}/corpus", *self.seeds()]

    def start(self) -> None:
        self.starts += 1
        self.runs_before = self.figures.runs
        command = self.command(max(1, round(self.seconds - self.elapsed)))
        self.log_start = os.fstat(self.log.fileno()).st_size  # what a crash has said before stays
        self.process = subprocess.Popen(
            command, cwd=self.work, env=self.environment | os.environ, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def tail(self) -> str:
        """The end of what the fuzzer that was started last has said."""
        size = os.fstat(self.log.fileno()).st_size
        start = max(self.log_start, size - _TAIL_BYTES)
        return os.pread(self.log.fileno(), _TAIL_BYTES, start).decode(errors="replace")

    def read_figures(self) -> None:
        found = _STATUS.findall(self.tail())
        if found:
            runs, coverage, corpus = (int(figure) for figure in found[-1])
            self.figures.runs = self.runs_before + runs
            self.figures.coverage = max(coverage, self.figures.coverage)
            self.figures.corpus = corpus
        self.figures.crashes = len(self.crash_files)

    def is_over(self) -> bool:
        """Looks how it goes, and starts the fuzzer anew where a crash has ended it early."""
        process = self.process
        has_ended = process is not None and process.poll() is not None
        self.read_figures()
        if process is not None and not has_ended and time.monotonic() > self.began + self.seconds + self.patience_seconds:
            self.hangs = True
            self.kill()
            return True
        if process is None or not has_ended:
            return False
        self.figures.operations += sum(int(count) for count in _OPERATIONS.findall(self.tail()))
        if process.returncode == 0 or self.elapsed >= self.seconds - 1 or self.starts == _MOST_STARTS:
            return True
        self.start()
        return False

    def complaint(self) -> str:
        """Where the fuzzer has given up for another reason than a crash, or did not end."""
        if self.hangs:
            return f"{self.target.name} had to be killed, long after its time: see {self.work}/log"
        has_failed = self.process is not None and self.process.returncode != 0
        has_failed = has_failed and not self.is_stopped and not self.crash_files
        return f"{self.target.name} has ended by itself: see {self.work}/log" if has_failed else ""

    def kill(self) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.is_stopped = True
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(self.patience_seconds)
            except subprocess.TimeoutExpired:
                self.hangs = True
                self.kill()

    def finds(self) -> list[pathlib.Path]:
        """Folders of new inputs."""
        return [self.work / "corpus"]


class AflSession(Session):
    """The same by afl-fuzz."""

    environment = AFL_ENVIRONMENT
    patience_seconds = 600.0  # what it does before it fuzzes does not count for it

    def finds(self) -> list[pathlib.Path]:
        return [self.work / "afl" / "default" / "queue"]

    @property
    def crash_files(self) -> list[pathlib.Path]:
        return sorted((self.work / "afl" / "default" / "crashes").glob("id*"))

    def command(self, seconds: int) -> list[str]:
        shutil.rmtree(self.work / "afl", ignore_errors=True)
        dictionary = fuzz.ROOT / fuzz.PACKAGE / f"{self.target.unit}_fuzz.dict"
        words = ["-x", str(dictionary)] if dictionary.exists() else []
        seeds = self.seeds()[0] if self.seeds() else f"{self.work}/corpus"
        command = ["afl-fuzz", "-i", seeds, "-o", f"{self.work}/afl", "-V", str(seconds), "-t", "25000", *words]
        return [*command, "--", str(self.binary)]

    def read_figures(self) -> None:
        stats = self.work / "afl" / "default" / "fuzzer_stats"
        if stats.exists():
            lines = (line.partition(":") for line in stats.read_text(encoding="utf-8").splitlines())
            found = {key.strip(): value.strip() for key, _, value in lines}
            values = [int(found.get(key, 0)) for key in ("execs_done", "edges_found", "corpus_count", "saved_crashes")]
            self.figures = Figures(*values)
