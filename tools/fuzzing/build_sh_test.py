#!/usr/bin/env python3
"""Runs .clusterfuzzlite/build.sh as ClusterFuzzLite and OSS-Fuzz do, and checks what it leaves in $OUT as they would.

In TAP. The environment is that of their image for libFuzzer; the checks are those of its test for bad builds: a fuzzer
starts, has enough edges, is built with the sanitizer that it should be, and replays seeds within the limits of time and
memory; and it does so from another folder than the one that it was built in. All of the seeds are replayed by the tests
of //fuzz: here it is some from each archive.
"""

import concurrent.futures
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
import zipfile
from typing import Callable

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMON = "-O1 -fno-omit-frame-pointer -gline-tables-only -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION"
UBSAN_CHECKS = (
    "array-bounds,bool,builtin,enum,integer-divide-by-zero,null,object-size,return,returns-nonnull-attribute,shift,"
    "signed-integer-overflow,unreachable,vla-bound"
)
EDGES = "-fsanitize=fuzzer-no-link"
FLAGS = {
    "address": f"{COMMON} -fsanitize=address -fsanitize-address-use-after-scope {EDGES}",
    "undefined": f"{COMMON} -fsanitize={UBSAN_CHECKS} -fno-sanitize-recover={UBSAN_CHECKS} {EDGES}",
    "coverage": f"{COMMON} -fprofile-instr-generate -fcoverage-mapping -pthread -Wno-unused-command-line-argument",
}
LIMITS = ["-timeout=25", "-rss_limit_mb=2560"]
RUNS = 4
# From each archive, so many seeds, evenly spread.
SEEDS = 8
LEAST_EDGES = 100
# How many calls of a sanitizer's functions a fuzzer has at least, if it is built with it; without it, none.
LEAST_CALLS = {"asan": 1000, "ubsan": 10}
SANITIZER_OF = {"asan": "address", "ubsan": "undefined"}


class Build:
    """What build.sh has left, moved to another place than $OUT."""

    def __init__(self, sanitizer: str, folder: pathlib.Path):
        self.sanitizer = sanitizer
        out = folder / "out"
        for name in ("src", "out", "work"):
            (folder / name).mkdir()
        source = folder / "src" / "cairn"
        shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns("bazel-*", "out", ".git"))
        environment = os.environ | {
            "CC": "clang", "CFLAGS": FLAGS[sanitizer],
            "CXX": "clang++", "CXXFLAGS": f"{FLAGS[sanitizer]} -stdlib=libstdc++",
            "LIB_FUZZING_ENGINE": "-fsanitize=fuzzer", "FUZZING_ENGINE": "libfuzzer", "SANITIZER": sanitizer,
            "ARCHITECTURE": "x86_64", "FUZZING_LANGUAGE": "c", "SRC": str(folder / "src"), "OUT": str(out),
            "WORK": str(folder / "work"),
        }  # fmt: skip
        done = run(["bash", str(source / ".clusterfuzzlite" / "build.sh")], cwd=source, env=environment)
        assert done.returncode == 0, done.stdout
        self.out = folder / "moved"
        out.rename(self.out)
        self.seedless = folder / "seedless"
        self.seedless.mkdir()
        self.fuzzers = [path for path in sorted(self.out.iterdir()) if os.access(path, os.X_OK)]


def run(command: list[str], **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False, **options
    )


def start(fuzzer: pathlib.Path, *arguments: str) -> tuple[str, int]:
    """What the fuzzer says, and how many bytes of profiles it writes; it must end well."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"LLVM_PROFILE_FILE": f"{folder}/%p.profraw", "ASAN_OPTIONS": "detect_leaks=0"}
        done = run([str(fuzzer), *arguments], cwd=folder, env=environment)
        profile_bytes = sum(path.stat().st_size for path in pathlib.Path(folder).glob("*.profraw"))
    assert done.returncode == 0, f"{fuzzer.name} {' '.join(arguments)} ends with {done.returncode}:\n{done.stdout}"
    return done.stdout, profile_bytes


def each(check: Callable[[pathlib.Path], None], build: Build) -> None:
    """Checks each fuzzer, as many at once as there are processors; the first that fails is told."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(check, build.fuzzers):
            pass


def unpack_some(archive: pathlib.Path, folder: str) -> int:
    """Some of the archive's seeds; returns how many."""
    with zipfile.ZipFile(archive) as zipped:
        names = zipped.namelist()
        chosen = names[:: max(1, len(names) // SEEDS)]
        zipped.extractall(folder, chosen)
    return len(chosen)


def there_are_fuzzers_of_both_forms(build: Build):
    names = [fuzzer.name for fuzzer in build.fuzzers]
    assert any(name.endswith("_fuzz") for name in names), names
    assert any(name.endswith("_fuzz_debug") for name in names), names


def each_fuzzer_starts_elsewhere_and_has_enough_edges(build: Build):
    def check(fuzzer: pathlib.Path) -> None:
        said, _ = start(fuzzer, "-seed=1337", f"-runs={RUNS}")
        edges = re.search(r"INFO: Loaded \d+ modules? +\((\d+) .*(counters|guards)\)", said)
        assert f"Done {RUNS} runs" in said, fuzzer.name
        assert edges and int(edges.group(1)) >= LEAST_EDGES, said

    each(check, build)


def each_fuzzer_has_its_sanitizer_and_no_other(build: Build):
    def check(fuzzer: pathlib.Path) -> None:
        code = run(["objdump", "-d", "--no-show-raw-insn", str(fuzzer)]).stdout
        for prefix, least in LEAST_CALLS.items():
            calls = len(re.findall(rf"call\S* +[0-9a-f]+ <__{prefix}", code))
            is_wanted = SANITIZER_OF[prefix] == build.sanitizer
            # The engine and its run time have some calls of their own to the other's functions.
            assert calls >= least if is_wanted else calls < 200, f"{fuzzer.name}: {calls} calls of {prefix}"

    each(check, build)


def each_fuzzer_has_a_name_for_its_seeds_and_replays_some(build: Build):
    def check(fuzzer: pathlib.Path) -> None:
        archive = fuzzer.with_name(f"{fuzzer.name}_seed_corpus.zip")
        assert archive.exists(), f"{fuzzer.name} has no seeds"
        with tempfile.TemporaryDirectory() as seeds:
            count = unpack_some(archive, seeds)
            said, profile_bytes = start(fuzzer, *LIMITS, "-runs=0", seeds)
        assert count > 0 and f"seed corpus: files: {count} " in said, f"{fuzzer.name}: {count} seeds\n{said}"
        assert build.sanitizer != "coverage" or profile_bytes > 0, f"{fuzzer.name} writes no profile\n{said}"

    each(check, build)


def options_and_dictionaries_are_beside_their_fuzzers(build: Build):
    for fuzzer in build.fuzzers:
        options = fuzzer.with_name(f"{fuzzer.name}.options")
        named = re.findall(r"^dict *= *(\S+)", options.read_text() if options.exists() else "", re.MULTILINE)
        for dictionary in named:
            path = fuzzer.with_name(dictionary)
            assert path.exists(), f"{options.name} names {dictionary}, which is not there"
            assert "Dictionary: " in start(fuzzer, f"-dict={path}", "-runs=0", str(build.seedless))[0]


def nothing_is_built_for_this_machine_alone(build: Build):
    del build
    for path in (ROOT / ".clusterfuzzlite" / "build.sh", *(ROOT / "tools").glob("**/*.bzl"), ROOT / "fuzz" / "BUILD"):
        assert "-march" not in path.read_text(), path


CASES = [
    there_are_fuzzers_of_both_forms,
    each_fuzzer_has_its_sanitizer_and_no_other,
    each_fuzzer_has_a_name_for_its_seeds_and_replays_some,
    options_and_dictionaries_are_beside_their_fuzzers,
    nothing_is_built_for_this_machine_alone,
]
# A build for coverage replays, and does not fuzz.
FUZZING_CASES = [each_fuzzer_starts_elsewhere_and_has_enough_edges]


def cases_of(sanitizer: str):
    return CASES + (FUZZING_CASES if sanitizer != "coverage" else [])


def try_case(case) -> str:
    """What is wrong; nothing, where all is well."""
    try:
        case()
    except Exception:  # pylint: disable=broad-exception-caught
        return traceback.format_exc()
    return ""


def main() -> int:
    sanitizers = sys.argv[1:] or list(FLAGS)
    print(f"1..{sum(len(cases_of(sanitizer)) for sanitizer in sanitizers)}", flush=True)
    failed = False
    number = 0
    for sanitizer in sanitizers:
        with tempfile.TemporaryDirectory() as folder:
            build = functools.cache(functools.partial(Build, sanitizer, pathlib.Path(folder)))
            for case in cases_of(sanitizer):
                number += 1
                complaint = try_case(lambda: case(build()))  # pylint: disable=cell-var-from-loop
                failed = failed or bool(complaint)
                print(f"{'not ok' if complaint else 'ok'} {number} - {sanitizer}: {case.__name__}")
                print("".join(f"# {line}\n" for line in complaint.splitlines()), end="", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
