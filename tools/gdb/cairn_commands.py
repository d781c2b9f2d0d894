"""The commands: what they print."""

from collections import defaultdict

import gdb

from cairn_frames import print_stack
from cairn_leaks import find_lost
from cairn_tables import Block, Missing, Tables

SITES_SHOWN = 10


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def place_in(block: Block, address: int) -> str:
    """How the address lies to the program's bytes."""
    offset = address - block.user
    kind = "freed block" if block.state in ("quarantined", "free") else "block"
    size = plural(block.size, "byte")
    if offset == 0:
        return f"at the start of a {kind} of {size}"
    if offset < 0:
        return f"{plural(-offset, 'byte')} before a {kind} of {size}"
    if offset < block.size:
        return f"{plural(offset, 'byte')} inside a {kind} of {size}"
    return f"{plural(offset - block.size, 'byte')} past the end of a {kind} of {size}"


def print_block(tables: Tables, address: int) -> None:
    block = tables.find(address)
    if block is None:
        is_inside = tables.base <= address < tables.limit
        print(f"{address:#x} lies {'in memory of the heap that no block has' if is_inside else 'outside the heap'}")
        return
    print(f"{address:#x} lies {place_in(block, address)}")
    heap = tables.heap_name(block.heap)
    in_heap = f" in heap '{heap}'" if heap else ""
    print(f"  block   {block.user:#x}, serial {block.serial}, {block.state}, from {block.asked}{in_heap}")
    print(f"  allocated by thread {block.alloc_thread} here:")
    print_stack(tables.frames(block.alloc_stack))
    if block.state in ("quarantined", "free"):
        print(f"  freed by thread {block.free_thread} here:")
        print_stack(tables.frames(block.free_stack))


def print_classes(tables: Tables) -> None:
    rows: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    spans: dict[str, int] = defaultdict(int)
    for place in tables.places:
        for block in tables.blocks_of(place):
            (spans if place.is_span else rows[place.block_bytes])[block.state] += 1
        if not place.is_span:
            rows[place.block_bytes]["pools"] += 1
    print(f"{'block':>8}  {'pools':>6}  {'live':>9}  {'quarantined':>11}  {'free':>9}")
    for size, row in sorted(rows.items()):
        print(f"{size:>8,}  {row['pools']:>6,}  {row['live']:>9,}  {row['quarantined']:>11,}  {row['free']:>9,}")
    print(f"{'spans':>8}  {'':>6}  {spans['live']:>9,}  {spans['quarantined']:>11,}")


def print_sites(tables: Tables) -> None:
    sites: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for block in tables.blocks():
        if block.state == "live":
            sites[block.alloc_stack][0] += block.size
            sites[block.alloc_stack][1] += 1
    total_bytes = sum(site[0] for site in sites.values())
    total_blocks = sum(site[1] for site in sites.values())
    print(f"\n{plural(total_bytes, 'byte')} in {plural(total_blocks, 'live block')}; most of it from here:")
    largest = sorted(sites.items(), key=lambda item: -item[1][0])[:SITES_SHOWN]
    for stack, (size, count) in largest:
        print(f"\n  {plural(size, 'byte')} in {plural(count, 'block')}, allocated here:")
        print_stack(tables.frames(stack))


def print_leaks(tables: Tables) -> None:
    groups: dict[tuple[bool, int], list[Block]] = defaultdict(list)
    for block, is_indirect in find_lost(tables):
        groups[is_indirect, block.alloc_stack].append(block)
    ordered = sorted(groups.items(), key=lambda item: (item[0][0], -sum(block.size for block in item[1])))
    for (is_indirect, stack), blocks in ordered:
        size = plural(sum(block.size for block in blocks), "byte")
        why = "only other lost blocks point to" if is_indirect else "nothing points to"
        first = min(blocks, key=lambda block: block.serial)
        print(f"leak: {size} in {plural(len(blocks), 'block')} that {why}")
        print(f"  the first is {first.user:#x}, serial {first.serial}, allocated here:")
        print_stack(tables.frames(stack))
    lost = [block for blocks in groups.values() for block in blocks]
    print(f"{plural(sum(block.size for block in lost), 'byte')} lost in {plural(len(lost), 'block')}")


class Cairn(gdb.Command):
    """Look into the heap of Cairn's debug form."""

    def __init__(self) -> None:
        super().__init__("cairn", gdb.COMMAND_DATA, prefix=True)

    def invoke(self, argument: str, from_tty: bool) -> None:
        gdb.execute("help cairn")


class HeapCommand(gdb.Command):
    """One of the commands: it prints what it finds, or why it cannot."""

    def show(self, argument: str) -> None:
        raise NotImplementedError

    def invoke(self, argument: str, from_tty: bool) -> None:
        try:
            self.show(argument)
        except Missing as error:
            raise gdb.GdbError(str(error)) from error


def refuse(command: str, argument: str) -> None:
    """Of commands that take none."""
    if argument:
        raise gdb.GdbError(f"{command} takes no argument")


class CairnBlock(HeapCommand):
    """cairn block EXPRESSION: what the address is: its block, who allocated and who freed it."""

    def __init__(self) -> None:
        super().__init__("cairn block", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def show(self, argument: str) -> None:
        if not argument:
            raise gdb.GdbError("cairn block: an address, please")
        try:
            address = int(gdb.parse_and_eval(f"(unsigned long)({argument})"))
        except gdb.error as error:
            raise gdb.GdbError(f"cairn block: {error}") from error
        print_block(Tables(), address)


class CairnHeap(HeapCommand):
    """cairn heap: blocks by size class, and where most memory was allocated."""

    def __init__(self) -> None:
        super().__init__("cairn heap", gdb.COMMAND_DATA)

    def show(self, argument: str) -> None:
        refuse("cairn heap", argument)
        tables = Tables()
        print_classes(tables)
        print_sites(tables)


class CairnLeaks(HeapCommand):
    """cairn leaks: live blocks that nothing points to, by where they were allocated."""

    def __init__(self) -> None:
        super().__init__("cairn leaks", gdb.COMMAND_DATA)

    def show(self, argument: str) -> None:
        refuse("cairn leaks", argument)
        print_leaks(Tables())


def register() -> None:
    Cairn()
    CairnBlock()
    CairnHeap()
    CairnLeaks()
