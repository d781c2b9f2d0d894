/*
 * arenas.h: what tests of arenas share: arenas of their own, and their counts.
 */
#ifndef CAIRN_TESTS_ARENAS_H
#define CAIRN_TESTS_ARENAS_H

#include <string.h>
#include <sys/mman.h>

#include "alloc/arena.h"
#include "alloc/counts.h"
#include "tests/fresh.h"

/* Every invariant of the arenas; no other thread is at work. */
static inline void check_all(void) {
    cn_arena_check_quiet();
    cn_arena_check();
}

static inline void fresh_arenas(size_t limit) {
    fresh_region(limit);
    memset((void *)&cn_counts, 0, sizeof cn_counts);
}

static inline size_t used_slots(void) { return cn_count_of(&cn_counts.used_slots); }
static inline size_t dirty_slots(void) { return cn_count_of(&cn_counts.dirty_slots); }
static inline size_t committed_arenas(void) { return cn_count_of(&cn_counts.committed_arenas); }

/* All of an arena, whose bytes are zero. */
static inline void give_unused_arena(size_t arena) {
    cn_count_sub(&cn_counts.used_slots, CN_ARENA_SLOTS);
    cn_arena_release(arena, CN_ARENA_ALL_SLOTS);
}

/* Has something stand in the middle of an arena whose addresses are chosen and not reserved, so that the system refuses
 * it. */
static inline void *stand_in_the_way(size_t arena) {
    char *middle = cn_arena_address(arena) + CN_ARENA_BYTES / 2;
    void *in_the_way = mmap(middle, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    MUST(in_the_way != MAP_FAILED);
    return in_the_way;
}

#endif
