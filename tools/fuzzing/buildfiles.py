"""Reads the tree's BUILD files, and says what a program is made of: what builds it without Bazel asks here.

BUILD and .bzl files are written in Starlark, which is Python as far as this tree uses it: so they are run, with the
macros of tools/build_defs as they are, and functions in place of the rules that note what they are called with. Thus
there is one list of fuzz targets, sources and options, and it stands in the BUILD files.
"""

import dataclasses
import pathlib
from typing import Any, Iterable

_COMPILED = (".c", ".cc")
_LINKED_WHOLE = ".lo"
_RULES = ("cc_binary", "cc_library", "cc_test", "filegroup", "genrule", "sh_binary", "sh_test")
# Functions of BUILD files that make nothing to be built.
_SILENT = ("config_setting", "exports_files", "licenses", "package", "test_suite")


@dataclasses.dataclass(frozen=True)
class Rule:
    """A call of a rule in a BUILD file."""

    kind: str
    package: str
    attributes: dict[str, Any] = dataclasses.field(hash=False)

    @property
    def name(self) -> str:
        return self.attributes["name"]

    def texts(self, attribute: str) -> list[str]:
        return list(self.attributes.get(attribute) or [])


class Native:
    """What macros reach as `native`."""

    def __init__(self, tree: "Tree"):
        self.tree = tree

    def glob(self, include: list[str], exclude: Iterable[str] = (), **_: Any) -> list[str]:
        folder = self.tree.root / self.tree.package
        found = {path for pattern in include for path in folder.glob(pattern) if path.is_file()}
        left_out = {path for pattern in exclude for path in folder.glob(pattern)}
        return sorted(str(path.relative_to(folder)) for path in found - left_out)

    def package_name(self) -> str:
        return self.tree.package


class Tree:
    """The packages of a source tree, read as they are asked for."""

    def __init__(self, root: pathlib.Path):
        self.root = root
        self.package = ""
        self.rules: dict[str, Rule] = {}
        self.read: set[str] = set()

    def rule(self, label: str, package: str = "") -> Rule:
        """The rule that the label names, from a BUILD file of `package`."""
        package, name = _split(label, package)
        self.rules_of(package)
        return self.rules[f"{package}:{name}"]

    def rules_of(self, package: str) -> list[Rule]:
        if package not in self.read:
            self.read.add(package)
            outer, self.package = self.package, package
            self._run(self.root / package / "BUILD", package)
            self.package = outer
        return [rule for rule in self.rules.values() if rule.package == package]

    def closure(self, rule: Rule) -> list[Rule]:
        """The rule and all that it depends on, each once, before what it needs itself."""
        found: dict[str, Rule] = {}
        waiting = [rule]
        while waiting:
            rule = waiting.pop()
            key = f"{rule.package}:{rule.name}"
            if key not in found:
                found[key] = rule
                waiting += [self.rule(label, rule.package) for label in rule.texts("deps")]
        return list(found.values())

    def sources(self, rule: Rule) -> list[str]:
        """What is compiled for the rule, from the tree's root."""
        paths = []
        for source in rule.texts("srcs"):
            package, name = _split(source, rule.package) if ":" in source else (rule.package, source)
            if name.endswith(_COMPILED):
                paths.append(str(pathlib.PurePosixPath(package) / name))
            elif "." not in name:
                paths += self.sources(self.rule(source, rule.package))  # a group of files
        return paths

    def archives(self, rule: Rule) -> dict[str, str]:
        """Libraries that are made of what the machine has, and linked whole: by name, the script that makes each."""
        names = {name for name in rule.texts("srcs") if name.endswith(_LINKED_WHOLE)}
        makers = [maker for maker in self.rules_of(rule.package) if maker.kind == "genrule"]
        return {
            name: str(pathlib.PurePosixPath(rule.package) / maker.texts("srcs")[0])
            for maker in makers
            for name in names & set(maker.texts("outs"))
        }

    def _run(self, path: pathlib.Path, package: str) -> dict[str, Any]:
        names = self._names(package)
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)  # pylint: disable=exec-used
        return names

    def _names(self, package: str) -> dict[str, Any]:
        native = Native(self)
        names: dict[str, Any] = {kind: self._recorder(kind) for kind in _RULES}
        names |= {name: lambda *_, **__: None for name in _SILENT}
        names |= {"native": native, "glob": native.glob, "select": _select, "fail": _fail}
        names["load"] = lambda label, *wanted: self._load(names, package, label, wanted)
        for kind in _RULES:
            setattr(native, kind, names[kind])
        return names

    def _load(self, into: dict[str, Any], package: str, label: str, wanted: tuple[str, ...]) -> None:
        if label.startswith("@"):
            return  # rules, which are there already
        bzl_package, name = _split(label, package)
        loaded = self._run(self.root / bzl_package / name, bzl_package)
        into |= {symbol: loaded[symbol] for symbol in wanted}

    def _recorder(self, kind: str):
        def record(**attributes: Any) -> None:
            rule = Rule(kind, self.package, attributes)
            self.rules[f"{rule.package}:{rule.name}"] = rule

        return record


def _split(label: str, package: str) -> tuple[str, str]:
    path, _, name = label.removeprefix("//").partition(":")
    if label.startswith("//"):
        return path, name or path.rpartition("/")[2]
    return package, name or path


def _select(branches: dict[str, Any], no_match_error: str = "") -> Any:
    """What Bazel chooses without a configuration; nothing, where it asks for one: that is the engine's."""
    return [] if no_match_error else branches["//conditions:default"]


def _fail(message: str) -> None:
    raise ValueError(message)
