"""Stacks: what is said of each place in code, with symbols or without."""

import functools
import os
import re

import gdb

# With permissions in a live process, without in a core file.
MAPPING = re.compile(r"^\s*(0x\w+)\s+(0x\w+)\s+0x\w+\s+0x\w+\s+(?:[-rwxps]{4}\s+)?(/.*)$", re.MULTILINE)


@functools.cache
def modules() -> list[tuple[int, int, str]]:
    """Mappings of files: start, end, and the file. While one command runs."""
    try:
        said = gdb.execute("info proc mappings", to_string=True)
    except gdb.error:
        return []
    return [(int(start, 16), int(end, 16), path) for start, end, path in MAPPING.findall(said)]


def module_of(pc: int) -> tuple[str, int]:
    """The file that the code is of, and how far from its start in memory; "" where it is of none."""
    for start, end, path in modules():
        if start <= pc < end:
            return path, pc - min(first for first, _, of in modules() if of == path)
    return "", 0


def symbol_of(pc: int) -> str:
    """As gdb knows it, NAME + OFFSET; else the module and where in it."""
    said = gdb.execute(f"info symbol {pc:#x}", to_string=True)
    if not said.startswith("No symbol matches"):
        return said.split(" in section ")[0].strip()
    path, offset = module_of(pc)
    return f"{path}+{offset:#x}" if path else "no module"


def is_of_cairn(pc: int) -> bool:
    return os.path.basename(module_of(pc)[0]).startswith("libcairn")


def print_stack(frames: list[int]) -> None:
    """All of it, but for Cairn's own functions at its inner end."""
    modules.cache_clear()
    if not frames:
        print("    (not taken)")
    while len(frames) > 1 and is_of_cairn(frames[0]):
        frames = frames[1:]
    for index, pc in enumerate(frames):
        where = gdb.find_pc_line(pc)
        line = f" at {where.symtab.filename}:{where.line}" if where.symtab is not None else ""
        print(f"    #{index} {pc:#x} in {symbol_of(pc)}{line}")
