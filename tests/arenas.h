/*
 * arenas.h: what tests of arenas share: arenas of their own, and their counts.
 */
#ifndef CAIRN_TESTS_ARENAS_H
#define CAIRN_TESTS_ARENAS_H

#include <string.h>

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

#endif
