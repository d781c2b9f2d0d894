/*
 * layout.h: all geometry of the address space, and nothing else.
 *
 * One reservation of addresses holds everything. The region, where the program's blocks lie, is at its end; Cairn's own
 * tables lie before it, each between guard gaps that are never made accessible:
 *
 *   | gap | heaps | gap | owner | gap | pools | gap | fits | gap | arenas | gap | live | gap | remote | gap |
 *   slack | gap | notes | gap | REGION | gap |
 *
 *   region   arena 0         arena 1         arena 2 ...                              4 MiB each, aligned
 *   arena    slot 0 | slot 1 | slot 2 | ...                            | slot 63      64 KiB each, aligned
 *   pool     a run of 1, 2, 4 or 8 slots, cut into blocks of one size class:  | block | block | ... | block | slack |
 *   block    granule | granule | ...                                                  16 bytes each, aligned
 *
 *   table    one entry for       what it says
 *   live     granule, one bit    a live block starts here: the whole truth about blocks
 *   remote   granule, one bit    another thread has freed the block that starts here
 *   slack    granule, 2 bytes    bytes not asked for of the block that starts here; accessible only with stats=1
 *   notes    slot                the debug form's notes of its blocks; empty in the release form
 *   owner    slot, one word      the magazine of the heap and size class that the slot's pool serves; see heap.h
 *   pools    slot, one struct    the pool or span that starts here; see pool.h
 *   arenas   arena, one struct   which slots are taken, and which may hold memory; see arena.h
 *   fits     arena, one bit      seven bitmaps, the k-th: the arena may have a run of 2^k free slots
 *   heaps    heap, 64 KiB        see heap.h
 *
 * The geometry is 64 x 64 x 64: 64 granules a bitmap word, 64 words a slot, 64 slots an arena. So every search is a
 * count of trailing zeros, and every entry is found by a shift of (address - region's base).
 *
 * Where a request goes: up to 64 KiB to a pool (a 40-byte request takes a block of 48 bytes, size class 2); above that
 * to a span, a run of slots of its own; where the region cannot serve it, to a mapping of its own (direct.h).
 */
#ifndef CN_LAYOUT_H
#define CN_LAYOUT_H

#include "bits.h"

enum {
    CN_GRANULE_SHIFT = 4,
    CN_WORD_SHIFT = 6, /* granules a bitmap word */
    CN_SLOT_SHIFT = CN_GRANULE_SHIFT + CN_WORD_SHIFT + 6,
    CN_ARENA_SHIFT = CN_SLOT_SHIFT + 6,

    CN_GRANULE_BYTES = 1 << CN_GRANULE_SHIFT,
    CN_SLOT_BYTES = 1 << CN_SLOT_SHIFT,
    CN_ARENA_BYTES = 1 << CN_ARENA_SHIFT,

    CN_WORD_GRANULES = 64,
    CN_SLOT_WORDS = 64,
    CN_ARENA_SLOTS = 64,
    CN_SLOT_GRANULES = CN_SLOT_WORDS * CN_WORD_GRANULES,
    CN_ARENA_GRANULES = CN_ARENA_SLOTS * CN_SLOT_GRANULES,

    CN_FIT_LEVELS = 7, /* runs of 1, 2, 4 ... 64 slots */

    CN_HEAP_SHIFT = 16,
    CN_HEAP_BYTES = 1 << CN_HEAP_SHIFT,
    CN_HEAP_LIMIT = 32768, /* heaps of threads and named heaps together */

    CN_POOL_SLOTS_MAX = 8,
    CN_BLOCK_MAX_BYTES = 65536, /* the largest block of a pool */

    CN_CLASS_COUNT = 80,
    CN_MAGAZINE_WORDS = 2, /* words that a magazine takes up at the start of a heap; see heap.h */

    CN_POOL_ENTRY_BYTES = 128, /* an entry of the table of pools */

    CN_GROW_ARENAS = 16, /* tables are made accessible for so many arenas at a time */
};

/* The gap between tables: what a runaway write has to cross. */
#define CN_GAP_BYTES ((size_t)CN_ARENA_BYTES)

/* The region's size: so many times the physical memory, within these bounds; halved until the system grants it. */
#define CN_REGION_PER_MEMORY ((size_t)16)
#define CN_REGION_MIN_BYTES ((size_t)64 << 20)
#define CN_REGION_MAX_BYTES ((size_t)16 << 40)

_Static_assert(CN_SLOT_BYTES == 65536 && CN_ARENA_BYTES == 4 << 20, "64 granules x 64 words x 64 slots");
_Static_assert(CN_BLOCK_MAX_BYTES * 8 == CN_POOL_SLOTS_MAX * CN_SLOT_BYTES, "a pool holds at least eight blocks");
_Static_assert(CN_REGION_MIN_BYTES % (CN_GROW_ARENAS * CN_ARENA_BYTES) == 0, "a region is a number of whole steps");

#endif
