#!/usr/bin/env python3
"""Runs a fuzzer that was built as X_fuzz_bin: what `bazel run //fuzz:X_fuzz_run` starts.

New finds go to out/fuzz/<target>/corpus of the workspace, crashing inputs to out/fuzz/<target>/crashes.
"""

import argparse
import configparser
import os
import pathlib
import shutil
import subprocess
import sys

ENVIRONMENT = {
    "libfuzzer": {
        "ASAN_OPTIONS": "abort_on_error=1:detect_leaks=0:allocator_may_return_null=1",
        # libFuzzer allocates where it handles a SIGABRT; the report of that would wait for itself.
        "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1:report_signal_unsafe=0",
    },
    # A second run goes on where the first ended, and none of them changes a setting of the machine.
    "afl": {"AFL_AUTORESUME": "1", "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "AFL_SKIP_CPUFREQ": "1"},
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="X_fuzz_run", description=__doc__)
    parser.add_argument("--engine", choices=["libfuzzer", "afl"], required=True, help=argparse.SUPPRESS)
    parser.add_argument("binary", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--timeout_secs", type=int, default=0, help="how long to fuzz; 0: until it is stopped")
    parser.add_argument("--clean", action="store_true", help="forget the finds of earlier runs")
    parser.add_argument("--regression", action="store_true", help="run the corpus once and do not fuzz")
    parser.add_argument("engine_flags", nargs="*", metavar="-- FLAG...", help="flags for the engine itself")
    return parser.parse_intermixed_args()


def libfuzzer_settings(path: pathlib.Path) -> list[str]:
    """The flags in a .options file, which is read where the engine of ClusterFuzz is not."""
    settings = configparser.ConfigParser()
    settings.read(path)
    flags = dict(settings["libfuzzer"]) if settings.has_section("libfuzzer") else {}
    if "dict" in flags:
        flags["dict"] = str(path.parent / flags["dict"])
    return [f"-{key}={value}" for key, value in flags.items()]


def libfuzzer_command(args, settings: pathlib.Path, work: pathlib.Path, seeds: pathlib.Path) -> list[str]:
    command = [str(args.binary), *libfuzzer_settings(settings), f"-artifact_prefix={work}/crashes/"]
    if args.regression:
        command.append("-runs=0")
    elif args.timeout_secs:
        command.append(f"-max_total_time={args.timeout_secs}")
    return [*command, *args.engine_flags, f"{work}/corpus", *([str(seeds)] if seeds.is_dir() else [])]


def afl_command(args, settings: pathlib.Path, work: pathlib.Path, seeds: pathlib.Path) -> list[str]:
    dictionary = settings.with_suffix(".dict")
    command = ["afl-fuzz", "-i", str(seeds), "-o", str(work / "afl")]
    command += ["-V", str(args.timeout_secs)] if args.timeout_secs else []
    command += ["-x", str(dictionary)] if dictionary.exists() else []
    return [*command, *args.engine_flags, "--", str(args.binary)]


def main() -> int:
    args = arguments()
    args.binary = args.binary.absolute()
    target = args.binary.name.replace("_fuzz_bin", "")
    unit = target.removesuffix("_debug")
    workspace = pathlib.Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."))
    settings = args.binary.parent / f"{unit}_fuzz.options"
    seeds = workspace / "fuzz" / "corpora" / unit
    work = workspace / "out" / "fuzz" / target
    if args.clean:
        shutil.rmtree(work, ignore_errors=True)
    for folder in ("corpus", "crashes"):
        (work / folder).mkdir(parents=True, exist_ok=True)
    command = (afl_command if args.engine == "afl" else libfuzzer_command)(args, settings, work, seeds)
    print(" ".join(command), file=sys.stderr, flush=True)
    return subprocess.run(command, env=ENVIRONMENT[args.engine] | os.environ, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
