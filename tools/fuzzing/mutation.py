"""The deliberate faults in fuzz/mutants, and how one is put into a copy of the sources.

Each file holds `[[mutant]]` tables:

  name      its name, as a phrase of what it does
  file      the file that it changes, from the tree's root
  function  the line at which the function starts that it changes, where `find` would not be unique otherwise
  find      a piece of one line, found exactly once
  replace   what stands there instead
  breaks    in one sentence, what is wrong then
  by        the units whose fuzzers are tried first
  form      the form that is fuzzed, `release` or `debug` (default: debug for debug/, release for the rest)
  survives  in one sentence, why no fuzzer can tell
"""

import dataclasses
import pathlib
import tomllib

FOLDER = "fuzz/mutants"


class DataError(Exception):
    """A mutant that cannot be applied."""


@dataclasses.dataclass(frozen=True)
class Mutant:
    name: str
    file: str
    find: str
    replace: str
    breaks: str
    by: tuple[str, ...]
    function: str = ""
    form: str = ""
    survives: str = ""

    @property
    def fuzzed_form(self) -> str:
        return self.form or ("debug" if self.file.startswith("debug/") else "release")

    def _bounds(self, text: str) -> tuple[int, int]:
        """Where `find` is looked for: the function's lines up to the brace that ends it, else the file."""
        if not self.function:
            return 0, len(text)
        if text.count(self.function) != 1:
            raise DataError(f"{self.name}: {text.count(self.function)} lines of {self.file} hold `{self.function}`")
        start = text.index(self.function)
        return start, text.index("\n}", start)

    def applied_to(self, text: str) -> str:
        """The file's text with the fault in it."""
        start, end = self._bounds(text)
        count = text.count(self.find, start, end)
        if count != 1 or "\n" in self.find:
            raise DataError(f"{self.name}: `{self.find}` stands {count} times in {self.file}, not once")
        if self.replace == self.find:
            raise DataError(f"{self.name}: changes nothing")
        at = text.index(self.find, start, end)
        return text[:at] + self.replace + text[at + len(self.find) :]


def read_file(path: pathlib.Path) -> list[Mutant]:
    with path.open("rb") as file:
        tables = tomllib.load(file)["mutant"]
    try:
        return [Mutant(**table | {"by": tuple(table["by"])}) for table in tables]
    except (KeyError, TypeError) as error:
        raise DataError(f"{path}: {error}") from error


def read_all(root: pathlib.Path) -> list[Mutant]:
    """All mutants of the tree; their names are all different."""
    mutants = [mutant for path in sorted((root / FOLDER).glob("*.toml")) for mutant in read_file(path)]
    names = [mutant.name for mutant in mutants]
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"{name}: there is more than one")
    return mutants
