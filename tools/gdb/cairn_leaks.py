"""Which live blocks nothing points to: the search of debug/scan.h, made from outside."""

import array
import bisect
import pathlib
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import gdb

from cairn_tables import Block, Layout, Tables, evaluate, number, read

PIECE = 1 << 20
RED_ZONE = 128
CONTROL_BYTES = 4096  # of a thread's control block, at most
REGISTERS = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 fs_base".split()


@dataclass(frozen=True)
class Range:
    start: int
    end: int


# ---- memory ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mapping(Range):
    rights: str  # as in /proc/PID/maps
    path: str

    @property
    def is_root(self) -> bool:
        """Whether it can hold roots, as debug/scan.c has it. Shared memory without a file has a path, too."""
        is_file = self.path.startswith("/") and not self.path.startswith(("/dev/zero", "/memfd:", "/SYSV"))
        is_device = is_file and self.path.startswith("/dev/")
        is_own = self.rights[1] == "w" and self.rights[3] != "s"
        return self.rights[0] == "r" and not is_device and (not is_file or is_own)


def searched(mappings: Iterable[Mapping]) -> Iterator[Mapping]:
    """What can hold roots, and what is read-only right before what can be written: globals that were protected since."""
    before = None
    for mapping in mappings:
        if before is not None and before.end == mapping.start and mapping.rights[1] == "w" and not before.is_root:
            yield before
        if mapping.is_root:
            yield mapping
        before = mapping if mapping.rights == "r--p" else None


def mappings_of_process(pid: int) -> Iterator[Mapping]:
    for line in pathlib.Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace").splitlines():
        addresses, rights, _, _, _, *path = line.split(maxsplit=5)
        start, end = addresses.split("-")
        yield Mapping(int(start, 16), int(end, 16), rights, path[0] if path else "")


def files_of_core(notes: bytes) -> dict[int, str]:
    """The paths of the files that were mapped, by the addresses at which they were."""
    of_files = 0x46494C45
    at = 0
    while at < len(notes):
        name_size, size, kind = struct.unpack_from("<III", notes, at)
        at += 12 + (name_size + 3 & ~3)
        if kind == of_files:
            count = struct.unpack_from("<Q", notes, at)[0]
            starts = [struct.unpack_from("<Q", notes, at + 16 + 24 * i)[0] for i in range(count)]
            paths = notes[at + 16 + 24 * count : at + size].split(b"\0")
            return dict(zip(starts, (path.decode(errors="replace") for path in paths)))
        at += size + 3 & ~3
    return {}


@dataclass(frozen=True)
class Segment:
    kind: int
    flags: int
    offset: int
    start: int
    stored: int

    @property
    def rights(self) -> str:
        """As in /proc/PID/maps. That a file was shared is not known; by default such files are left out of cores."""
        return "".join(letter if self.flags & bit else "-" for letter, bit in (("r", 4), ("w", 2), ("x", 1))) + "p"


def segments_of_core(path: str) -> Iterator[Mapping]:
    """What the core file has of each."""
    load, note = 1, 4
    files: dict[int, str] = {}
    with open(path, "rb") as core:
        header = core.read(64)
        offset, size, count = struct.unpack_from("<Q", header, 32)[0], *struct.unpack_from("<HH", header, 54)
        core.seek(offset)
        fields = struct.iter_unpack("<IIQQ8xQ16x", core.read(size * count))
        segments = [Segment(*each) for each in fields]
        for segment in segments:
            if segment.kind == note:
                core.seek(segment.offset)
                files |= files_of_core(core.read(segment.stored))
    for segment in segments:
        if segment.kind == load:
            yield Mapping(segment.start, segment.start + segment.stored, segment.rights, files.get(segment.start, ""))


def searched_memory() -> list[Mapping]:
    core = re.search(r"Local core dump file:\s+`(.*)'", gdb.execute("info files", to_string=True))
    if core is not None:
        return list(searched(segments_of_core(core[1])))
    return list(searched(mappings_of_process(gdb.selected_inferior().pid)))


# ---- what is no root -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Thread:
    is_main: bool
    stack_pointer: int
    control: int
    words: list[int]


def threads() -> list[Thread]:
    selected = gdb.selected_thread()
    result = []
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        frame = gdb.newest_frame()
        mask = (1 << 64) - 1
        values = {name: int(frame.read_register(name)) & mask for name in REGISTERS}
        process, task, _ = thread.ptid
        result.append(Thread(process == task, values["rsp"], values["fs_base"], list(values.values())))
    if selected is not None:
        selected.switch()
    return result


def is_control(address: int) -> bool:
    """Whether a thread's control block still is there: its first word is its address."""
    return read(address, 8) == struct.pack("<Q", address)


def ended_stacks() -> list[int]:
    """The control blocks of threads that have ended, at the upper ends of their stacks, which no thread has now."""
    layout = Layout("struct cn_self")
    ended, taken = set(), set()
    at = int(evaluate("(unsigned long)'self.c'::all"))
    while at != 0:
        data = read(at, layout.size)
        (taken if layout.get(data, "is_taken") else ended).add(layout.get(data, "control"))
        at = layout.get(data, "next")
    return [control for control in ended - taken if is_control(control)]


def unused_stacks(memory: list[Mapping], running: list[Thread]) -> Iterator[Range]:
    """Below stack pointers, and what threads that have ended left behind. Where stacks have no guards between them, several
    are one mapping: of each what is above the next lower one's control block."""
    controls = {thread.control for thread in running}
    ended = [control for control in ended_stacks() if control not in controls]
    is_core = not any(mapping.path == "[stack]" for mapping in memory)
    for mapping in memory:
        here = [thread for thread in running if mapping.start <= thread.stack_pointer < mapping.end]
        for thread in here:
            is_main_stack = thread.is_main and (is_core or mapping.path == "[stack]")
            if is_main_stack or mapping.start <= thread.control < mapping.end:
                below = [one.control for one in running if mapping.start <= one.control < thread.stack_pointer]
                start = max([mapping.start, *(control + CONTROL_BYTES for control in below)])
                if start < thread.stack_pointer - RED_ZONE:
                    yield Range(start, thread.stack_pointer - RED_ZONE)
        if not here:
            for control in ended:
                if mapping.start <= control < mapping.end:
                    yield Range(mapping.start, control)


def memory_of_cairn(tables: Tables) -> Iterator[Range]:
    yield Range(tables.tables_start, tables.limit)
    zone = int(evaluate("cn_guard_zone.start"))
    yield Range(zone, zone + number("cn_guard_zone.bytes"))
    extents = number("(unsigned long)'guard.c'::zone.extents")
    firsts = number("(unsigned long)'guard.c'::zone.firsts")
    yield Range(extents, firsts + 4 * number("'guard.c'::zone.page_count"))
    for block in tables.direct_blocks():
        yield Range(block.core, block.core + block.core_bytes)


def without(memory: list[Range], excluded: list[Range]) -> Iterator[Range]:
    ordered = sorted(excluded, key=lambda one: one.start)
    for mapping in memory:
        at = mapping.start
        for one in ordered:
            if one.end <= at or one.start >= mapping.end:
                continue
            if one.start > at:
                yield Range(at, one.start)
            at = max(at, one.end)
        if at < mapping.end:
            yield Range(at, mapping.end)


# ---- the search ------------------------------------------------------------------------------------------------------


def arguments_of_heaps() -> list[int]:
    """What named heaps hand to the program's callbacks: it lies among Cairn's tables."""
    result = []
    for index in range(number("(unsigned long)'registry.c'::heap_count")):
        heap = f"((struct cairn_heap *)(cn_region.heaps + ({index}UL << {number('CN_HEAP_SHIFT')})))"
        is_named = number(f"(unsigned long)cn_heap_states[{index}]") == number("CN_HEAP_NAMED")
        if is_named and number(f"(unsigned long){heap}->on_budget") != 0:
            result.append(number(f"(unsigned long){heap}->on_budget_argument"))
    return result


class Search:
    """Marks what can be reached."""

    def __init__(self, tables: Tables) -> None:
        self.live = sorted((block for block in tables.blocks() if block.state == "live"), key=lambda block: block.user)
        self.starts = [block.user for block in self.live]
        self.reached = [False] * len(self.live)
        self.pointed_at = [False] * len(self.live)
        self.low = self.starts[0] if self.live else 0
        self.high = max((block.user + max(block.size, 1) for block in self.live), default=0)

    def targets(self, words: list[int] | array.array) -> Iterator[int]:
        """The blocks, by their index, that some of the words point into."""
        for word in words:
            if self.low <= word < self.high:
                index = bisect.bisect_right(self.starts, word) - 1
                if word < self.starts[index] + max(self.live[index].size, 1):
                    yield index

    def targets_in(self, start: int, end: int) -> Iterator[int]:
        start = (start + 7) & ~7
        for at in range(start, end, PIECE):
            data = read(at, min(PIECE, end - at) & ~7)
            yield from self.targets(array.array("Q", data))

    def reach(self, found: Iterator[int]) -> None:
        waiting = [index for index in found if not self.reached[index]]
        while waiting:
            index = waiting.pop()
            if not self.reached[index]:
                self.reached[index] = True
                block = self.live[index]
                waiting.extend(self.targets_in(block.user, block.user + block.size))

    def lost(self) -> Iterator[tuple[Block, bool]]:
        """Each lost block, and whether another one points to it."""
        left = [index for index, is_reached in enumerate(self.reached) if not is_reached]
        for index in left:
            block = self.live[index]
            for target in self.targets_in(block.user, block.user + block.size):
                self.pointed_at[target] |= target != index
        for index in left:
            yield self.live[index], self.pointed_at[index]


def find_lost(tables: Tables) -> list[tuple[Block, bool]]:
    search = Search(tables)
    memory = searched_memory()
    running = threads()
    excluded = [*memory_of_cairn(tables), *unused_stacks(memory, running)]
    for thread in running:
        search.reach(search.targets(thread.words))
    search.reach(search.targets(arguments_of_heaps()))
    for piece in without(memory, excluded):
        search.reach(search.targets_in(piece.start, piece.end))
    return list(search.lost())
