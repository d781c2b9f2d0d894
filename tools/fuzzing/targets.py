"""The fuzz targets of the tree, and how they are built without Bazel: by make, with the compiler and engine of choice.

`python3 tools/fuzzing/targets.py OUT [TARGET...]` does what build.sh wants: it reads CC, CXX, CFLAGS, CXXFLAGS and
LIB_FUZZING_ENGINE from the environment as OSS-Fuzz sets them, and leaves the fuzzers in OUT.
"""

import argparse
import configparser
import dataclasses
import fcntl
import os
import pathlib
import shlex
import subprocess
import sys
from typing import IO, Mapping, NoReturn

import buildfiles

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = "fuzz"
# Tests that try everything there is in a small world, and so need no input.
EXHAUSTIVE = ("//fuzz/tiny:tiny_test",)

# What a BUILD file says of the engine gives way to the engine of choice; warnings are for Bazel's builds to tell.
_ENGINE = "-fsanitize=fuzzer"
_LAST_FLAGS = ["-w", "-I.", "-Ialloc"]

# What targets are tagged with that cannot be run with a sanitizer.
_TAGS = {"address": "no-asan", "undefined": "no-ubsan", "thread": "no-tsan"}


@dataclasses.dataclass(frozen=True)
class Target:
    """A fuzzer in one form: `sequence_fuzz_debug` is the unit `sequence` in the debug form."""

    name: str
    unit: str
    form: str
    rule: buildfiles.Rule = dataclasses.field(hash=False, compare=False)

    @property
    def is_fuzzer(self) -> bool:
        return "_fuzz" in self.name

    @property
    def corpora(self) -> list[str]:
        """The folders of its inputs, from the tree's root."""
        return [f"{PACKAGE}/{kind}/{self.unit}" for kind in ("corpora", "crashes")]

    def is_for(self, sanitizer: str) -> bool:
        """Whether it can find anything with the sanitizer."""
        return _TAGS.get(sanitizer) not in self.rule.texts("tags")

    def engine_flags(self, root: pathlib.Path) -> list[str]:
        """What its .options say, as flags for libFuzzer."""
        settings = configparser.ConfigParser()
        settings.read(root / PACKAGE / f"{self.unit}_fuzz.options")
        flags = dict(settings["libfuzzer"]) if settings.has_section("libfuzzer") else {}
        if "dict" in flags:
            flags["dict"] = str(root / PACKAGE / flags["dict"])
        return [f"-{key}={value}" for key, value in flags.items()]


@dataclasses.dataclass(frozen=True)
class Toolchain:
    """Compilers and flags."""

    cc: str
    cxx: str
    cflags: tuple[str, ...]
    cxxflags: tuple[str, ...]
    engine: tuple[str, ...]
    # What a program with a main of its own is linked with, where its objects count for a fuzzer.
    without_engine: tuple[str, ...] = ("-fsanitize=fuzzer-no-link",)

    @staticmethod
    def of_environment(environment: Mapping[str, str]) -> "Toolchain":
        flags = {name: tuple(shlex.split(environment.get(name, ""))) for name in ("CFLAGS", "CXXFLAGS")}
        engine = tuple(shlex.split(environment.get("LIB_FUZZING_ENGINE", _ENGINE)))
        compilers = environment.get("CC", "clang"), environment.get("CXX", "clang++")
        return Toolchain(*compilers, flags["CFLAGS"], flags["CXXFLAGS"], engine)

    @staticmethod
    def of_clang(*flags: str) -> "Toolchain":
        """libFuzzer, and further flags for compiler and linker."""
        common = ("-g", "-fno-omit-frame-pointer", "-fsanitize=fuzzer-no-link", *flags)
        return Toolchain("clang", "clang++", common, common, (_ENGINE,))

    @staticmethod
    def of_afl(*flags: str) -> "Toolchain":
        """AFL++, whose compiler takes -fsanitize=fuzzer for its own driver."""
        common = ("-g", "-fno-omit-frame-pointer", *flags)
        return Toolchain("afl-clang-fast", "afl-clang-fast++", common, common, (_ENGINE,))


def all_targets(tree: buildfiles.Tree) -> list[Target]:
    targets = []
    for rule in tree.rules_of(PACKAGE):
        unit, is_fuzzer, form = rule.name.partition("_fuzz_bin")
        if rule.kind == "cc_binary" and is_fuzzer:
            targets.append(Target(f"{unit}_fuzz{form}", unit, form.lstrip("_") or "release", rule))
    return targets


def exhaustive_targets(tree: buildfiles.Tree) -> list[Target]:
    """Programs that are no fuzzers, and have the units' names in common with them alone."""
    rules = [tree.rule(label) for label in EXHAUSTIVE]
    return [Target(rule.name, rule.name.removesuffix("_test"), "release", rule) for rule in rules]


def _locked(path: pathlib.Path, flags: int) -> IO:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("w", encoding="utf-8")
    fcntl.flock(file, flags)
    return file


def hold(path: pathlib.Path) -> IO:
    """Marks what lies beside the file as this run's until the result is closed; ends the tool where it is another's."""
    try:
        return _locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        refuse(f"another run is at work: it holds {path}")


def await_turn(path: pathlib.Path) -> IO:
    """The same, but waits for the other one."""
    return _locked(path, fcntl.LOCK_EX)


def refuse(complaint: str) -> NoReturn:
    """Ends the tool as argparse does where a command line is wrong."""
    print(complaint, file=sys.stderr)
    sys.exit(2)


def _are_named(targets: list[Target], name: str) -> list[Target]:
    """A target by its name, or all forms of a unit; of a unit that has no target `X_fuzz`, by that name, too."""
    exact = [target for target in targets if target.name == name]
    found = exact or [target for target in targets if name in (target.unit, f"{target.unit}_fuzz")]
    if not found:
        units = sorted({target.unit for target in targets})
        refuse(f"there is no fuzz target '{name}'; there are: {', '.join(units)}")
    return found


def chosen(targets: list[Target], names: list[str]) -> list[Target]:
    """Those that are named; all, where no name is given."""
    named = [target.name for name in names for target in _are_named(targets, name)]
    return [target for target in targets if not names or target.name in named]


class Makefile:
    """The build of some targets, as make understands it. Paths are relative to the tree; objects lie below `out`."""

    def __init__(self, tree: buildfiles.Tree, out: str, toolchain: Toolchain):
        self.tree = tree
        self.out = out
        self.toolchain = toolchain
        self.objects: dict[str, str] = {}

    def _flags(self, rule: buildfiles.Rule, source: str, defines: list[str]) -> list[str]:
        is_c = source.endswith(".c")
        compiler = [self.toolchain.cc if is_c else self.toolchain.cxx]
        given = self.toolchain.cflags if is_c else self.toolchain.cxxflags
        defined = [f"-D{define}" for define in rule.texts("local_defines") + defines]
        return [*compiler, *given, *rule.texts("copts"), *defined, *_LAST_FLAGS]

    def _add_object(self, rule: buildfiles.Rule, source: str, defines: list[str]) -> str:
        name = f"{self.out}/obj/{rule.package}/{rule.name}/{pathlib.PurePosixPath(source).name}.o"
        if name not in self.objects:
            command = shlex.join([*self._flags(rule, source, defines), "-MMD", "-MP", "-c", source, "-o", name])
            self.objects[name] = f"{name}: {source}\n\t@mkdir -p $(@D)\n\t@{_escape(command)}\n"
        return name

    def _add_archive(self, name: str, script: str) -> str:
        """A library that its script makes; an empty one where that cannot, since all references to it are weak."""
        path = f"{self.out}/obj/{name}"
        command = f"{script} {path} 2>$@.log || ar Dcr {path}"
        self.objects[path] = f"{path}: {script}\n\t@mkdir -p $(@D)\n\t@{command}\n"
        return path

    def _program(self, target: Target) -> str:
        closure = self.tree.closure(target.rule)
        defines = [define for rule in closure for define in rule.texts("defines")]
        objects = [self._add_object(rule, source, defines) for rule in closure for source in self.tree.sources(rule)]
        made = [item for rule in closure for item in self.tree.archives(rule).items()]
        whole = [self._add_archive(name, script) for name, script in made]
        libraries = [option for rule in closure for option in rule.texts("linkopts") if option != _ENGINE]
        flags = [self.toolchain.cxx, *self.toolchain.cxxflags]
        engine = self.toolchain.engine if target.is_fuzzer else self.toolchain.without_engine
        command = shlex.join([*flags, "-o", self.path(target), *objects, *_whole(whole), *engine, *libraries])
        return f"{self.path(target)}: {' '.join(objects + whole)}\n\t@mkdir -p $(@D)\n\t@{_escape(command)}\n"

    def path(self, target: Target) -> str:
        return f"{self.out}/{target.name}"

    def text(self, targets: list[Target]) -> str:
        programs = [self._program(target) for target in targets]
        goal = f"all: {' '.join(self.path(target) for target in targets)}\n"
        dependencies = "".join(f"-include {name.removesuffix('.o')}.d\n" for name in self.objects)
        return "\n".join([goal, *programs, *self.objects.values(), dependencies])


def _whole(archives: list[str]) -> list[str]:
    return ["-Wl,--whole-archive", *archives, "-Wl,--no-whole-archive"] if archives else []


def _escape(command: str) -> str:
    return command.replace("$", "$$")


def build(root: pathlib.Path, out: pathlib.Path, toolchain: Toolchain, names: list[str], jobs: int) -> list[Target]:
    """Builds fuzzers of the tree at `root` into `out`, and returns them."""
    tree = buildfiles.Tree(root)
    targets = chosen(all_targets(tree), names)
    out.mkdir(parents=True, exist_ok=True)
    makefile = out / "Makefile"
    text = Makefile(tree, str(out), toolchain).text(targets)
    if not makefile.exists() or makefile.read_text(encoding="utf-8") != text:
        subprocess.run(["rm", "-rf", str(out / "obj")], check=True)  # other flags
        makefile.write_text(text, encoding="utf-8")
    subprocess.run(["make", "--silent", f"-j{jobs}", "-f", str(makefile), "all"], cwd=root, check=True)
    return targets


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("targets", nargs="*")
    args = parser.parse_args()
    toolchain = Toolchain.of_environment(os.environ)
    for target in build(ROOT, args.out.absolute(), toolchain, args.targets, os.cpu_count() or 1):
        print(target.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
