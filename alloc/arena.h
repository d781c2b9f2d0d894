/*
 * arena.h: who has which slots.
 *
 * A slot is free or taken: one bit in its arena's `used` word, changed by compare-and-swap alone, so that there is no
 * lock to hold across a fork. Free slots may still hold memory (`dirty`); a purge gives it back. Runs of slots are
 * taken first-fit from the lowest arena, dirty ones first there, so that the upper arenas drain.
 *
 *   fresh --take--> taken --give--> free and dirty --purge--> free and clean --take--> taken
 *
 * Runs longer than an arena are made of whole arenas; the slots that the last of these has too much are free. Purging
 * is in purge.h.
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

/* A run of `count` slots whose first is a multiple of `alignment` slots (a power of two) in address, made accessible.
 * Returns the first slot's index; SIZE_MAX where there is none. */
size_t cn_arena_take(size_t count, size_t alignment);

/* Gives slots back, taken by whichever calls. */
void cn_arena_give(size_t first, size_t count);

/* Takes the `more` slots that follow the run [first, first + count); false, and nothing taken, where one is not
 * free. */
bool cn_arena_extend(size_t first, size_t count, size_t more);

/* Calls `visit` for each arena that the run of slots touches, with the mask of its slots; stops when it says false, and
 * returns how many slots came before. */
size_t cn_arena_for_each(size_t first, size_t count, bool (*visit)(size_t arena, uint64_t mask));

/* Makes all bytes of the owned run zero: of slots that may hold others they are written; in a run of more than 32 MiB
 * these slots are given back instead (arena_clear.c). */
void cn_arena_clear(size_t first, size_t count);

/* Slots of one arena become the caller's, as they are and uncounted; false where one of them is taken. `release` undoes
 * it. For purge.c. */
bool cn_arena_claim(size_t arena, uint64_t mask);
void cn_arena_release(size_t arena, uint64_t mask);

/* Has the memory of all arenas of a run that is the caller's, and the notes of the first; false where the system refuses.
 * (arena_commit.c) */
bool cn_arena_commit(size_t first, size_t count);

/* Relaxed: who goes on to use the memory asks cn_arena_commit. */
CN_INLINE bool cn_arena_is_committed(size_t arena) {
    return atomic_load_explicit(&cn_region.arenas[arena].is_committed, memory_order_relaxed);
}

/* Gives the memory of an arena back, all of whose slots are the caller's; false where the system refuses. */
bool cn_arena_decommit(size_t arena);

/* What the system says of committed arenas, in bytes. */
size_t cn_arena_resident_bytes(void);

/* In the child of a fork. */
void cn_arena_after_fork(void);

/* Panics where A5 does not hold. The second: A3 or A4, which only hold where no other thread takes or gives
 * meanwhile. */
void cn_arena_check(void);
void cn_arena_check_quiet(void);

CN_INLINE size_t cn_arena_count(void) { return atomic_load_explicit(&cn_region.arena_count, memory_order_acquire); }

CN_INLINE uint64_t cn_arena_free_slots(size_t arena) {
    return CN_ARENA_ALL_SLOTS & ~atomic_load(&cn_region.arenas[arena].used);
}

/* The word of the bitmap `level` of the table of fits, with the bits of 64 arenas. */
CN_INLINE _Atomic uint64_t *cn_arena_fits_word(size_t arena, unsigned level) {
    return &cn_region.fits[arena / 64 * 8 + level];
}

CN_INLINE struct cn_arena *cn_arena_of_slot(size_t slot) { return &cn_region.arenas[slot / CN_ARENA_SLOTS]; }

CN_INLINE bool cn_arena_has_taken(size_t slot) {
    return (atomic_load_explicit(&cn_arena_of_slot(slot)->used, memory_order_relaxed) >> slot % CN_ARENA_SLOTS & 1) !=
           0;
}

#endif
