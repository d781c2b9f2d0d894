#!/usr/bin/env python3
"""Whether README.md tells the truth. Prints TAP.

A comment before each block of README.md says how it is checked:

    <!-- quotes PATH -->       the block stands in that file, line by line
    <!-- runs -->              its commands succeed, at the top of a tree that was built
    <!-- runs, status N -->    the last of them ends with this status
    <!-- prints -->            the block before it prints this; numbers and the folders of modules in a stack may differ,
                               `...` stands for any lines
    <!-- by hand -->           not checked here: it needs Bazel, apt or much time

In the environment: CAIRN_LIBRARY_DIR, the directory of libcairn.so and libcairn-debug.so, and CAIRN_TOOL, the tool.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"(?:^<!-- (?P<check>[^\n]*) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
OPTION_ROW = re.compile(r"^\| `\w+=.*$", re.MULTILINE)
LISTED_OPTION = re.compile(r"^  (\w+)=(\S+)( \*)?(?: \(default (.*)\))?\n      (.*)$", re.MULTILINE)
# The targets of tests/examples/BUILD, and what each says.
BUILT_BY_BAZEL = {"greet": "Hello", "heaps": "8192 blocks, then ENOMEM"}

count = 0
failed = 0


def case(name, complaint):
    global count, failed
    count += 1
    if complaint:
        failed += 1
        print(f"not ok {count} - {name}")
        print("\n".join("# " + line for line in str(complaint).splitlines()))
    else:
        print(f"ok {count} - {name}", flush=True)


def lay_out_tree(top):
    """What the commands need, where they find it in a tree that was built."""
    libraries = pathlib.Path(os.environ["CAIRN_LIBRARY_DIR"])
    (top / "bazel-bin" / "tools").mkdir(parents=True)
    for library in ("libcairn.so", "libcairn-debug.so"):
        shutil.copy(libraries / library, top / "bazel-bin")
    shutil.copy(os.environ["CAIRN_TOOL"], top / "bazel-bin" / "tools" / "cairn")
    (top / "alloc").mkdir()
    shutil.copy("alloc/cairn.h", top / "alloc")
    shutil.copytree("tests/examples", top / "tests" / "examples", ignore=shutil.ignore_patterns(*BUILT_BY_BAZEL))


def run(commands, top):
    """(status, output) of the commands in a shell of their own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CAIRN_", "LD_"))}
    environment["TMPDIR"] = str(top)
    done = subprocess.run(
        ["bash", "-c", "set -eo pipefail; ulimit -c 0\n" + commands],
        cwd=top,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


def without_numbers(line):
    line = re.sub(r"0x[0-9a-f]+", "0xN", line)
    line = re.sub(r"[#.]{2,}", "", line)
    line = re.sub(r"[0-9][0-9,.]*", "N", line)
    line = re.sub(r"N (B|KiB|MiB|GiB)\b", "N bytes", line)
    line = re.sub(r"\(/\S*/", "(", line)
    return " ".join(line.split())


def difference(expected, output):
    """Why the output is not what the block says, or nothing."""
    have = [without_numbers(line) for line in output.splitlines()]
    at = 0
    may_skip = False
    for line in expected.splitlines():
        if line == "...":
            may_skip = True
            continue
        wanted = without_numbers(line)
        if wanted not in (have[at:] if may_skip else have[at : at + 1]):
            return f"not printed, or not there: {line}\n{output}"
        at = have.index(wanted, at) + 1
        may_skip = False
    if at < len(have) and not may_skip:
        return f"printed besides: {have[at]}\n{output}"
    return None


def is_quoted(text, path):
    try:
        content = pathlib.Path(path).read_text(encoding="utf-8")
    except OSError as error:
        return str(error)
    return None if "\n" + text in "\n" + content else f"{path} does not hold these lines:\n{text}"


def check_run(check, text, top):
    """Runs a block; returns its output."""
    wanted = int(check.split()[-1]) if "status" in check else 0
    status, output = run(text, top)
    wrong = status not in (wanted, -(wanted - 128))
    complaint = f"status {status}, not {wanted}\n{output}" if wrong else None
    case(f"README's commands work: {text.splitlines()[0]}", complaint)
    return output


def check_blocks(readme, top):
    output = None
    for block in BLOCK.finditer(readme):
        check, text = block["check"] or "", block["text"]
        first = text.splitlines()[0]
        if check.startswith("quotes "):
            path = check.split()[1]
            case(f"README quotes {path} as it is: {first}", is_quoted(text, path))
        elif check.startswith("runs"):
            output = check_run(check, text, top)
        elif check == "prints":
            case(f"README shows what is printed: {first}", difference(text, output or ""))
        elif check != "by hand":
            case(f"README's block says how it is checked: {first}", f"it says: {check or 'nothing'}")


def check_built_by_bazel():
    for program, wanted in BUILT_BY_BAZEL.items():
        status, output = run(os.path.abspath(f"tests/examples/{program}"), "/")
        wrong = status != 0 or output.strip() != wanted
        case(f"the example {program}, built by Bazel, runs", f"status {status}\n{output}" if wrong else None)


def check_options(readme, top):
    """The table of options against the list that the tool prints of them."""
    _, said = run("bazel-bin/tools/cairn run --help", top)
    rows = [
        f"| `{name}={value}` | {f'`{preset}`' if preset else 'none'} | {'debug' if debug else 'both'} | {words} |"
        for name, value, debug, preset, words in LISTED_OPTION.findall(said)
    ]
    listed = [line.replace("\\|", "|") for line in OPTION_ROW.findall(readme)]
    wrong = [row for row in rows if row not in listed] + [row for row in listed if row not in rows]
    complaint = "\n".join(wrong) if rows else said
    case("README's table says of the options what the tool says", complaint)


def check_version():
    header = re.search(r'CAIRN_VERSION "([^"]+)"', pathlib.Path("alloc/cairn.h").read_text(encoding="utf-8"))[1]
    newest = re.search(r"^## ([0-9.]+)", pathlib.Path("CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)[1]
    case("the changelog begins with the version of the header", None if header == newest else f"{newest}, not {header}")


def main():
    readme = pathlib.Path("README.md").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as directory:
        top = pathlib.Path(directory) / "cairn"
        top.mkdir()
        lay_out_tree(top)
        check_blocks(readme, top)
        check_options(readme, top)
    check_built_by_bazel()
    check_version()
    print(f"1..{count}")
    return 1 if failed else 0


sys.exit(main())
