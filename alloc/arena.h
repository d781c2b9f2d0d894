/*
 * arena.h: who has which slots, and which memory goes back to the system when.
 *
 * A slot is free or taken: one bit in its arena's `used` word, changed by compare-and-swap alone, so that there is no
 * lock to hold across a fork. Free slots may still hold memory (`dirty`); a purge gives it back. Runs of slots are taken
 * first-fit from the lowest arena, dirty ones first there, so that the upper arenas drain.
 *
 *   fresh --take--> taken --give--> free and dirty --purge--> free and clean --take--> taken
 *
 * An arena all of whose slots are free is decommitted as a whole when it is purged, and committed again on the next
 * take. Runs longer than an arena are made of whole arenas; the slots that the last of these has too much are free.
 *
 * Retention: free slots keep their memory up to RETAIN_MIN + 1/8 of what is in use + what the process was lately seen to
 * take again soon after it was purged ("breath", which halves every second). What is beyond is purged at once by the
 * thread whose give went beyond, from the top of the region downwards. So a peak goes back as it falls, also in a
 * process that makes no further call; and a process that breathes keeps its breath.
 *
 * A1  A slot's `used` bit is set from the take that got it to the give that ends it; whoever has set it owns the slot.
 * A2  Only the owner of a slot changes its `dirty` bit, its memory and its entries in the other tables.
 * A3  dirty_slots counts the slots that are free and dirty; used_slots those that are taken.
 * A4  Where an arena has a run of 2^k free slots, bit k of its fits is set (a set bit may be stale).
 * A5  A free slot has no owner word, no live bit and no remote bit.
 */
#ifndef CN_ARENA_H
#define CN_ARENA_H

#include "region.h"

struct cn_arena {
    _Atomic uint64_t used;  /* acquire on take pairs with release on give: the tables' entries change hands */
    _Atomic uint64_t dirty; /* may hold bytes that are not zero */
    _Atomic uint64_t purged; /* held memory once, and were purged since */
    _Atomic bool is_committed; /* written under the region's lock, or by the owner of all its slots */
    char padding[39];
};
_Static_assert(sizeof(struct cn_arena) == 64, "one cache line an arena");

struct cn_arena_counts {
    size_t used_slots;
    size_t dirty_slots;
    size_t peak_used_slots;
    size_t committed_arenas;
    size_t peak_committed_arenas;
    size_t purged_bytes; /* since the start */
};

/* A run of `count` slots whose first is a multiple of `alignment` slots (a power of two) in address, made accessible.
 * Returns the first slot's index; SIZE_MAX where there is none. */
size_t cn_arena_take(size_t count, size_t alignment);

/* Gives slots back, taken by whichever calls. */
void cn_arena_give(size_t first, size_t count);

/* Takes the `more` slots that follow the run [first, first + count); false, and nothing taken, where one is not free. */
bool cn_arena_extend(size_t first, size_t count, size_t more);

/* Makes all bytes of the owned run zero, writing only where they may not be. */
void cn_arena_clear(size_t first, size_t count);

/* Gives the memory of all free slots back. Returns the bytes. */
size_t cn_arena_trim(void);

/* Adds to the bytes that went back: pages of pools, purged by pool.h. */
void cn_arena_count_purged(size_t bytes);

void cn_arena_counts_get(struct cn_arena_counts *counts);

/* What the system says of committed arenas, in bytes. */
size_t cn_arena_resident_bytes(void);

/* In the child of a fork. */
void cn_arena_after_fork(void);

/* Panics where A3, A4 or A5 does not hold. A3 only where no other thread takes or gives meanwhile. */
void cn_arena_check(void);

CN_INLINE struct cn_arena *cn_arena_of_slot(size_t slot) { return &cn_region.arenas[slot / CN_ARENA_SLOTS]; }

CN_INLINE bool cn_arena_has_taken(size_t slot) {
    return (atomic_load_explicit(&cn_arena_of_slot(slot)->used, memory_order_relaxed) >> slot % CN_ARENA_SLOTS & 1) != 0;
}

#endif
