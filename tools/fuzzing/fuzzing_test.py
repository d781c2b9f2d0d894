#!/usr/bin/env python3
"""Tests of what tools/fuzz and its kin share, and of the data in fuzz/mutants, in TAP."""

import pathlib
import sys
import tempfile
import time
import tomllib
import traceback
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import buildfiles  # the path is set above
import crashes
import mutation
import session
import targets

ROOT = targets.ROOT
LEAST_MUTANTS = 60

BUILD_FILE = """
load("//defs:m.bzl", "twice")
load("@rules_cc//cc:defs.bzl", "cc_library")

cc_library(
    name = "low",
    srcs = ["low.c", "low.h"],
    linkopts = select({"//x": ["-lx"], "//conditions:default": ["-ly"]}),
)
twice(name = "high", deps = [":low"])
"""
BZL_FILE = """
load("@rules_cc//cc:defs.bzl", "cc_binary")

def twice(name, deps):
    for form in ["", "_debug"]:
        cc_binary(name = name + form, srcs = native.glob(["h*.c"]), deps = deps, copts = ["-D" + native.package_name()])
"""


def example(folder: str) -> buildfiles.Tree:
    root = pathlib.Path(folder)
    for path, text in {"p/BUILD": BUILD_FILE, "defs/m.bzl": BZL_FILE, "p/h1.c": "", "p/h2.c": "", "p/i.c": ""}.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return buildfiles.Tree(root)


def a_macro_makes_the_rules_that_it_makes_in_bazel():
    with tempfile.TemporaryDirectory() as folder:
        tree = example(folder)
        assert [rule.name for rule in tree.rules_of("p")] == ["low", "high", "high_debug"]
        high = tree.rule("//p:high_debug")
        assert tree.sources(high) == ["p/h1.c", "p/h2.c"]
        assert high.texts("copts") == ["-Dp"]


def a_closure_holds_what_is_depended_on_with_its_options():
    with tempfile.TemporaryDirectory() as folder:
        tree = example(folder)
        closure = tree.closure(tree.rule("//p:high"))
        assert [rule.name for rule in closure] == ["high", "low"]
        assert closure[1].texts("linkopts") == ["-ly"]
        assert tree.sources(closure[1]) == ["p/low.c"]


def targets_are_named_by_unit_or_by_form():
    found = targets.all_targets(buildfiles.Tree(ROOT))
    names = {target.name for target in found}
    assert {"options_fuzz", "options_fuzz_debug"} <= names, names
    for name in ("options_fuzz", "options_fuzz_debug"):
        assert [target.name for target in targets.chosen(found, [name])] == [name], name
    assert [target.name for target in targets.chosen(found, ["misuse_fuzz"])] == ["misuse_fuzz_debug"]
    assert {target.form for target in targets.chosen(found, ["options"])} == {"release", "debug"}


def a_target_is_not_for_a_sanitizer_that_its_tags_rule_out():
    leaks = targets.chosen(targets.all_targets(buildfiles.Tree(ROOT)), ["leaks"])[0]
    fit = [sanitizer for sanitizer in ("none", "address", "undefined", "thread") if leaks.is_for(sanitizer)]
    assert fit == ["none", "undefined"]


def a_form_is_compiled_with_its_definition():
    tree = buildfiles.Tree(ROOT)
    makefile = targets.Makefile(tree, "out", targets.Toolchain.of_clang())
    text = makefile.text(targets.chosen(targets.all_targets(tree), ["options"]))
    for name, definition in (("options", "CAIRN_FORM_DEBUG=0"), ("options_debug", "CAIRN_FORM_DEBUG=1")):
        lines = [line for line in text.splitlines() if f"-o out/obj/alloc/{name}/options.c.o" in line]
        assert len(lines) == 1 and f"-D{definition}" in lines[0], lines


def stubborn(folder: str) -> session.Session:
    """One whose fuzzer neither ends nor can be asked to."""
    fuzzer = pathlib.Path(folder) / "fuzzer"
    fuzzer.write_text("#!/bin/sh\ntrap '' TERM\necho ready\nwhile :; do sleep 1; done\n", encoding="utf-8")
    fuzzer.chmod(0o755)
    target = targets.all_targets(buildfiles.Tree(ROOT))[0]
    found = session.Session(target, fuzzer, pathlib.Path(folder) / "work", 0)
    found.patience_seconds = 0.5
    while "ready" not in found.tail():
        time.sleep(0.01)
    return found


def a_fuzzer_that_does_not_end_is_killed_and_told_of():
    with tempfile.TemporaryDirectory() as folder:
        by_time = stubborn(folder)
        while not by_time.is_over():
            time.sleep(0.01)
        assert "had to be killed" in by_time.complaint()
    with tempfile.TemporaryDirectory() as folder:
        by_hand = stubborn(folder)
        by_hand.stop()
        assert "had to be killed" in by_hand.complaint()


def fuzzer_saying(folder: str, said: str, ending: str) -> pathlib.Path:
    """A fuzzer that says this, and ends like that."""
    fuzzer = pathlib.Path(folder) / "fuzzer"
    fuzzer.write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\n{ending}\n", encoding="utf-8")
    fuzzer.chmod(0o755)
    return fuzzer


def a_fuzzer_that_dies_by_a_signal_is_told_of():
    target = targets.all_targets(buildfiles.Tree(ROOT))[0]
    with tempfile.TemporaryDirectory() as folder:
        dying = session.Session(target, fuzzer_saying(folder, "", "kill -KILL $$"), pathlib.Path(folder) / "work", 60)
        while not dying.is_over():
            time.sleep(0.01)
        assert "has ended by itself" in dying.complaint()


def two_runs_do_not_share_a_folder():
    target = targets.all_targets(buildfiles.Tree(ROOT))[0]
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder) / "work"
        first = session.Session(target, fuzzer_saying(folder, "", "sleep 60"), work, 60)
        (work / "crashes" / "crash-1").touch()
        try:
            session.Session(target, first.binary, work, 60)
            assert False, "the second one began"
        except SystemExit as refusal:
            assert refusal.code == 2
        first.stop()
        assert len(first.crash_files) == 1


SEGV = """==71==ERROR: AddressSanitizer: SEGV on unknown address 0x{at:012x} (pc 0x55d0c0de0000 bp 0x0 sp 0x0 T0)
    #0 0x55d0c0de0000 in memcpy /usr/src/memcpy.S:1
    #1 0x55d0c0de{at:04x} in {function} /somewhere/alloc/{function}.c:7:3
    #2 0x55d0c0de0002 in LLVMFuzzerTestOneInput /somewhere/fuzz/pool_fuzz.c:9:9"""


def crashes_of_different_places_are_all_kept():
    target = targets.all_targets(buildfiles.Tree(ROOT))[0]
    known: crashes.Known = {}
    lines = []
    with tempfile.TemporaryDirectory() as folder, unittest.mock.patch.object(targets, "ROOT", pathlib.Path(folder)):
        for at, function in enumerate(["pool_take", "pool_take", "span_free"]):
            found = pathlib.Path(folder) / "crash"
            found.write_text(f"{at}", encoding="utf-8")
            fuzzer = fuzzer_saying(folder, SEGV.format(at=at, function=function), "exit 1")
            lines.append(crashes.keep(target, fuzzer, found, known))
        assert all(kept.exists() for kept in known.values())
    assert [": as " in line for line in lines] == [False, True, False], lines


def mutant(**changes) -> mutation.Mutant:
    plain = {"name": "m", "file": "f", "find": "x", "replace": "y", "breaks": "B.", "by": ()}
    return mutation.Mutant(**plain | changes)


def is_refused(text: str, **changes) -> bool:
    try:
        mutant(**changes).applied_to(text)
    except mutation.DataError:
        return True
    return False


def a_mutant_changes_one_place():
    assert mutant().applied_to("a x b") == "a y b"
    assert mutant(function="g(").applied_to("f(\n x\n}\ng(\n x\n}\n") == "f(\n x\n}\ng(\n y\n}\n"


def a_mutant_that_is_not_found_exactly_once_is_refused():
    assert is_refused("a b")
    assert is_refused("x x")
    assert is_refused("x", replace="x")
    assert is_refused("f(\n x\n}\n", function="g(")


def every_mutant_of_the_tree_is_found_exactly_once():
    for each in mutation.read_all(ROOT):
        each.applied_to((ROOT / each.file).read_text(encoding="utf-8"))


def there_are_enough_mutants_and_each_says_what_it_breaks():
    mutants = mutation.read_all(ROOT)
    assert len(mutants) >= LEAST_MUTANTS, len(mutants)
    for each in mutants:
        assert each.breaks.endswith(".") and len(each.breaks.split()) > 2, each.name
        assert not each.survives or each.survives.endswith("."), each.name


def every_mutant_names_a_unit_that_there_is():
    units = {target.unit for target in targets.all_targets(buildfiles.Tree(ROOT))}
    for each in mutation.read_all(ROOT):
        assert set(each.by) & units, f"{each.name}: {each.by}"


def code_said_to_be_unreachable_is_there_with_a_reason():
    for entry in tomllib.loads((ROOT / "fuzz" / "unreachable.toml").read_text(encoding="utf-8"))["unreachable"]:
        text = (ROOT / entry["file"]).read_text(encoding="utf-8")
        place = entry.get("function", entry.get("line"))
        assert place is None or text.count(place) == 1, f"{entry['file']}: {place}"
        assert entry["reason"].endswith("."), entry


CASES = [
    a_macro_makes_the_rules_that_it_makes_in_bazel,
    a_closure_holds_what_is_depended_on_with_its_options,
    targets_are_named_by_unit_or_by_form,
    a_target_is_not_for_a_sanitizer_that_its_tags_rule_out,
    a_form_is_compiled_with_its_definition,
    a_fuzzer_that_does_not_end_is_killed_and_told_of,
    a_fuzzer_that_dies_by_a_signal_is_told_of,
    two_runs_do_not_share_a_folder,
    crashes_of_different_places_are_all_kept,
    a_mutant_changes_one_place,
    a_mutant_that_is_not_found_exactly_once_is_refused,
    every_mutant_of_the_tree_is_found_exactly_once,
    there_are_enough_mutants_and_each_says_what_it_breaks,
    every_mutant_names_a_unit_that_there_is,
    code_said_to_be_unreachable_is_there_with_a_reason,
]


def main() -> int:
    print(f"1..{len(CASES)}")
    failed = False
    for number, case in enumerate(CASES, 1):
        try:
            case()
            print(f"ok {number} - {case.__name__}")
        except Exception:  # pylint: disable=broad-exception-caught
            failed = True
            print(f"not ok {number} - {case.__name__}")
            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
