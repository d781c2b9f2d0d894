/*
 * layout.h: the geometry of the address space, and nothing else; its numbers are in geometry.h.
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
#include "geometry.h"

enum {
    CN_WORD_SHIFT = 6, /* granules a bitmap word: one for each bit */
    CN_SLOT_SHIFT = CN_GRANULE_SHIFT + CN_WORD_SHIFT + CN_SLOT_WORDS_SHIFT,
    CN_ARENA_SHIFT = CN_SLOT_SHIFT + CN_ARENA_SLOTS_SHIFT,

    CN_GRANULE_BYTES = 1 << CN_GRANULE_SHIFT,
    CN_SLOT_BYTES = 1 << CN_SLOT_SHIFT,
    CN_ARENA_BYTES = 1 << CN_ARENA_SHIFT,

    CN_WORD_GRANULES = 1 << CN_WORD_SHIFT,
    CN_SLOT_WORDS = 1 << CN_SLOT_WORDS_SHIFT,
    CN_ARENA_SLOTS = 1 << CN_ARENA_SLOTS_SHIFT,
    CN_SLOT_GRANULES = CN_SLOT_WORDS * CN_WORD_GRANULES,
    CN_ARENA_GRANULES = CN_ARENA_SLOTS * CN_SLOT_GRANULES,

    CN_HEAP_BYTES = 1 << CN_HEAP_SHIFT,

    CN_MAGAZINE_WORDS = 2,     /* words that a magazine takes up at the start of a heap; see heap.h */
    CN_POOL_ENTRY_BYTES = 128, /* an entry of the table of pools */
};

/* An arena's word in which all slots are marked. */
#define CN_ARENA_ALL_SLOTS (UINT64_MAX >> (64 - CN_ARENA_SLOTS))

/* The gap between tables: what a runaway write has to cross. */
#define CN_GAP_BYTES ((size_t)CN_ARENA_BYTES)

_Static_assert(CN_SLOT_WORDS_SHIFT <= 6 && CN_ARENA_SLOTS_SHIFT <= 6, "words have 64 bits");
_Static_assert(1 << (CN_FIT_LEVELS - 1) == CN_ARENA_SLOTS, "the longest run within an arena is all of it");
_Static_assert(CN_SLOT_BYTES % CN_BLOCK_MAX_BYTES == 0, "where a pool starts, a block of any alignment may start");
_Static_assert(CN_HEAP_BYTES <= CN_ARENA_BYTES, "heaps lie at multiples of their size behind a gap");
_Static_assert(CN_REGION_MIN_BYTES % (CN_GROW_ARENAS * CN_ARENA_BYTES) == 0, "a region is a number of whole steps");

#endif
