"""The debug form's tables (debug/record.h, alloc/layout.h), read from memory as the debug information says."""

import bisect
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import gdb

OWNER_SPAN = 1 << 62  # pool.h
OWNER_PENDING = 1 << 63
FRAME_INTERRUPTED = 1 << 63  # frame.h


class Missing(Exception):
    """The process has no debug form of Cairn, or no debug information for it."""


def evaluate(expression: str) -> gdb.Value:
    try:
        return gdb.parse_and_eval(expression)
    except gdb.error as error:
        raise Missing(f"no debug form of Cairn with debug information here ({error})") from error


def number(expression: str) -> int:
    return int(evaluate(expression))


def read(address: int, length: int) -> bytes:
    """The bytes there; fewer, or none, where they cannot be read."""
    try:
        return bytes(gdb.selected_inferior().read_memory(address, length))
    except gdb.MemoryError:
        return b""


class Layout:
    """Where the fields of a struct are."""

    def __init__(self, name: str) -> None:
        try:
            kind = gdb.lookup_type(name)
        except gdb.error as error:
            raise Missing(f"no debug form of Cairn with debug information here ({error})") from error
        self.size = kind.sizeof
        self.fields = {field.name: (field.bitpos // 8, field.type.sizeof) for field in kind.fields()}

    def get(self, data: bytes, name: str, start: int = 0) -> int:
        offset, size = self.fields[name]
        return int.from_bytes(data[start + offset : start + offset + size], "little")


STATES = ("none", "busy", "live", "quarantined", "free")
ASKED = ("malloc", "calloc", "aligned_alloc", "new", "new[]")


@dataclass(frozen=True)
class Block:
    """A block and its record."""

    kind: str  # pool, span, direct or guarded
    core: int
    core_bytes: int
    heap: int
    word: int
    extent: int
    alloc_stack: int
    free_stack: int

    @property
    def state(self) -> str:
        return STATES[self.word & 7]

    @property
    def asked(self) -> str:
        return ASKED[self.word >> 3 & 7]

    @property
    def serial(self) -> int:
        return self.word >> 16

    @property
    def user(self) -> int:
        return self.core + (1 << (self.word >> 10 & 63))

    @property
    def size(self) -> int:
        return self.extent & (1 << 40) - 1

    @property
    def alloc_thread(self) -> int:
        return self.extent >> 40 & (1 << 12) - 1

    @property
    def free_thread(self) -> int:
        return self.extent >> 52


@dataclass(frozen=True)
class Place:
    """A pool or span."""

    start: int
    bytes: int
    block_bytes: int
    fresh: int  # blocks of a pool that were handed out so far
    heap: int
    records: int
    is_span: bool


class Tables:
    """The tables as they are now."""

    def __init__(self) -> None:
        region = evaluate("cn_region")
        self.base = int(region["base"])
        self.limit = self.base + int(region["arena_limit"]) * number("CN_ARENA_BYTES")
        self.tables_start = int(region["heaps"]) - number("CN_ARENA_BYTES")
        self.slots = int(region["arena_count"]) * number("CN_ARENA_SLOTS")
        self.slot_bytes = number("CN_SLOT_BYTES")
        self.notes = int(region["notes"])
        self.notes_bytes = number("CN_NOTES_SLOT_BYTES")
        self.owner = int(region["owner"])
        self.pools = int(region["pools"])
        self.pool = Layout("struct cn_pool")
        self.record = Layout("struct cn_record")
        self.class_bytes = [
            int(evaluate(f"cn_class_table.classes[{i}].block_bytes")) for i in range(number("CN_CLASS_COUNT"))
        ]

    # ---- places and their blocks

    def _place(self, slot: int, owner: int) -> Place | None:
        entry = read(self.pools + slot * self.pool.size, self.pool.size)
        is_span = owner == OWNER_SPAN
        if not is_span and self.pool.get(entry, "back") != 0:
            return None
        length = self.pool.get(entry, "slots") * self.slot_bytes
        block_bytes = length if is_span else self.class_bytes[self.pool.get(entry, "class_index")]
        return Place(
            start=self.base + slot * self.slot_bytes,
            bytes=length,
            block_bytes=block_bytes,
            fresh=1 if is_span else self.pool.get(entry, "fresh"),
            heap=self.pool.get(entry, "heap"),
            records=self.notes + slot * self.notes_bytes,
            is_span=is_span,
        )

    @cached_property
    def places(self) -> list[Place]:
        """In order of address."""
        owners = read(self.owner, self.slots * 8)
        result = []
        for slot, (owner,) in enumerate(struct.iter_unpack("<Q", owners)):
            place = self._place(slot, owner & ~OWNER_PENDING) if owner & ~OWNER_PENDING else None
            if place is not None:
                result.append(place)
        return result

    def _block(self, kind: str, core: int, core_bytes: int, heap: int, data: bytes, at: int = 0) -> Block:
        fields = (self.record.get(data, name, at) for name in ("word", "extent", "alloc_stack", "free_stack"))
        return Block(kind, core, core_bytes, heap, *fields)

    def blocks_of(self, place: Place) -> Iterator[Block]:
        data = read(place.records, place.fresh * self.record.size)
        kind = "span" if place.is_span else "pool"
        for index in range(len(data) // self.record.size):
            core = place.start + index * place.block_bytes
            yield self._block(kind, core, place.block_bytes, place.heap, data, index * self.record.size)

    # ---- blocks outside of the region

    def direct_blocks(self) -> Iterator[Block]:
        entry = Layout("struct direct_entry")
        start = number("(unsigned long)&'record.c'::direct_entries")
        is_used = number("'record.c'::direct_count") != 0
        data = read(start, number("sizeof('record.c'::direct_entries)") if is_used else 0)
        for at in range(0, len(data), entry.size):
            core = entry.get(data, "core", at)
            if core > 1:  # 1: it is being made
                record_at = at + entry.fields["record"][0]
                yield self._block("direct", core, entry.get(data, "core_bytes", at), 0, data, record_at)

    def guarded_blocks(self) -> Iterator[Block]:
        extent = Layout("struct extent")
        start = number("(unsigned long)'guard.c'::zone.extents")
        data = read(start, number("'guard.c'::zone.used") * extent.size) if start else b""
        for at in range(0, len(data), extent.size):
            if extent.get(data, "state", at) != 0:
                user = extent.get(data, "block", at)
                found = self._block("guarded", 0, 0, 0, data, at + extent.fields["notes"][0])
                core = user - (found.user - found.core)
                core_bytes = user - core + found.size
                yield replace(found, core=core, core_bytes=core_bytes)

    def blocks(self) -> Iterator[Block]:
        """All that the program ever had, and whose memory is not used for something else since."""
        for place in self.places:
            yield from self.blocks_of(place)
        yield from self.direct_blocks()
        yield from self.guarded_blocks()

    def find(self, address: int) -> Block | None:
        """The block around the address, with what is before and behind the program's bytes."""
        index = bisect.bisect_right([place.start for place in self.places], address) - 1
        candidates: Iterator[Block] = iter(())
        if index >= 0 and address < self.places[index].start + self.places[index].bytes:
            candidates = self.blocks_of(self.places[index])
        elif not self.base <= address < self.limit:
            candidates = (block for blocks in (self.direct_blocks(), self.guarded_blocks()) for block in blocks)
        for block in candidates:
            if block.core <= address < block.core + block.core_bytes and block.serial != 0:
                return block
        return None

    # ---- names

    def heap_name(self, heap: int) -> str | None:
        """Of a named heap; None: it is a thread's."""
        name = evaluate(f"((struct cairn_heap *){heap})->name").string() if heap else ""
        return name or None

    def frames(self, stack: int) -> list[int]:
        """Addresses within the calls of a stack of the depot, innermost first."""
        units = number("CHUNK_UNITS")
        layout = Layout("struct cn_depot_stack")
        chunk = int(evaluate(f"'depot.c'::chunks[{stack // units}]"))
        if stack < 2 or chunk == 0:
            return []
        start = chunk + stack % units * 16
        count = layout.get(read(start, layout.size), "count")
        words = struct.unpack(f"<{count}Q", read(start + layout.size, count * 8))
        return [word & ~FRAME_INTERRUPTED if word & FRAME_INTERRUPTED else word - 1 for word in words]
