"""What becomes of an input that ends a fuzzer: it is minimised, printed, and kept in fuzz/crashes for later tests."""

import hashlib
import os
import pathlib
import re
import subprocess
import tempfile
from typing import NamedTuple, Optional

import session
import targets as fuzz

# What says by itself what is wrong, and what says so only together with where it was.
_OWN_MARKS = ("cairn: ERROR", ": not so: ")
_MARKS = (*_OWN_MARKS, "ERROR: ", "WARNING: ThreadSanitizer", "runtime error: ")
_FRAME = re.compile(r"^\s*#\d+ 0x[0-9a-f]+ in (\S+) \S*\b(?:alloc|debug)/", re.MULTILINE)
_MINIMISE_SECONDS = 20
_LIMITS = ["-timeout=25", "-rss_limit_mb=2560"]


def run(command: list[str]) -> subprocess.CompletedProcess:
    return subprocess.run(
        command, env=session.ENVIRONMENT | os.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", check=False,
    )  # fmt: skip


def reason_of(said: str) -> str:
    """The line of a fuzzer's output that says what is wrong."""
    for mark in _MARKS:
        for line in said.splitlines():
            if mark in line:
                return line.strip()
    return "it ended without a word"


class Fault(NamedTuple):
    reason: str
    kind: str  # the same text for the same fault


def fault_of(said: str) -> Fault:
    """The reason, and without what differs from run to run; a sanitizer's or the engine's with the function of Cairn's that
    it was met in."""
    reason = reason_of(said)
    kind = re.sub(r"0x[0-9a-f]+|==\d+==|\b\d+\b", "N", reason)
    frame = None if any(mark in reason for mark in _OWN_MARKS) else _FRAME.search(said)
    return Fault(reason, f"{kind} in {frame[1]}" if frame else kind)


def reproduce(binary: pathlib.Path, path: pathlib.Path) -> Optional[Fault]:
    """Why the input ends the fuzzer; None where it does not."""
    done = run([str(binary), *_LIMITS, str(path)])
    return fault_of(done.stdout) if done.returncode != 0 else None


def minimise(binary: pathlib.Path, path: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """The least input that still ends the fuzzer for the same kind of reason; the input itself, where none is found."""
    smaller = folder / "smaller"
    flags = [*_LIMITS, "-minimize_crash=1", f"-max_total_time={_MINIMISE_SECONDS}", f"-exact_artifact_path={smaller}"]
    run([str(binary), *flags, str(path)])
    faults = [reproduce(binary, each) for each in (smaller, path) if each.exists()]
    kinds = [fault.kind for fault in faults if fault is not None]
    return smaller if len(kinds) == 2 and kinds[0] == kinds[1] else path


def built_tool() -> Optional[pathlib.Path]:
    """The command line tool; None where none is built. bazel-bin is of the last build, perhaps of another configuration."""
    for configuration in ("k8-opt", "k8-optclang", "k8-dbg"):
        tool = fuzz.ROOT / "bazel-out" / configuration / "bin" / "tools" / "cairn"
        if tool.exists():
            return tool
    return None


def printed(binary: pathlib.Path, path: pathlib.Path) -> str:
    """The input as `cairn fuzz print` shows it; where it is no program, the calls that the fuzzer makes of it; else, or
    where the tool is not built, a hex dump."""
    tool = built_tool()
    if tool is not None:
        done = run([str(tool), "fuzz", "print", str(path)])
        if done.returncode == 0:
            return done.stdout
    traced = run(["env", "CAIRN_FUZZ_TRACE=1", str(binary), *_LIMITS, str(path)]).stdout
    calls = [line for line in traced.splitlines() if line.startswith("trace: ")]
    return "\n".join([path.read_bytes().hex(" "), *calls]) + "\n"


Known = dict[tuple[str, str], pathlib.Path]  # what was kept, by unit and kind of fault


def keep(target: fuzz.Target, binary: pathlib.Path, path: pathlib.Path, known: Known) -> str:
    """Puts a crash into the tree, unless one of its kind is in `known`; says in a line what was done."""
    fault = reproduce(binary, path)
    if fault is None:
        return f"{path} does not end {target.name} when it is run alone"
    key = (target.unit, fault.kind)
    if key in known:
        return f"{path}: as {known[key].relative_to(fuzz.ROOT)}"
    with tempfile.TemporaryDirectory() as folder:
        data = minimise(binary, path, pathlib.Path(folder)).read_bytes()
    name = hashlib.sha1(data).hexdigest()
    kept = fuzz.ROOT / fuzz.PACKAGE / "crashes" / target.unit / name
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(data)
    kept.with_suffix(".txt").write_text(f"{target.name}: {fault.reason}\n\n{printed(binary, kept)}", encoding="utf-8")
    known[key] = kept
    return f"{kept.relative_to(fuzz.ROOT)}: {fault.reason}"
