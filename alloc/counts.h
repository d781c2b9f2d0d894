/*
 * counts.h: what is counted while slots change hands. All of it is relaxed: the counts steer, and are exact only where
 * no other thread runs (A3 in arena.h).
 */
#ifndef CN_COUNTS_H
#define CN_COUNTS_H

#include <stdatomic.h>

#include "bits.h"
#include "layout.h"

struct cn_counts {
    _Atomic size_t used_slots;
    _Atomic size_t dirty_slots; /* free, and may hold memory */
    _Atomic size_t peak_used_slots;
    _Atomic size_t committed_arenas;
    _Atomic size_t direct_bytes;       /* blocks outside the region ... */
    _Atomic size_t guarded_bytes;      /* ... and on guarded pages, as they were asked for */
    _Atomic size_t guarded_page_bytes; /* the pages themselves */
    _Atomic size_t peak_used_bytes;
    _Atomic size_t peak_arena_bytes;
    _Atomic size_t purged_bytes; /* since the start */
    _Atomic size_t breath_slots; /* see purge.h */
};

extern struct cn_counts cn_counts CN_HIDDEN;

CN_INLINE size_t cn_count_of(_Atomic size_t *count) { return atomic_load_explicit(count, memory_order_relaxed); }

CN_INLINE size_t cn_count_add(_Atomic size_t *count, size_t by) {
    return atomic_fetch_add_explicit(count, by, memory_order_relaxed) + by;
}

CN_INLINE void cn_count_sub(_Atomic size_t *count, size_t by) {
    (void)atomic_fetch_sub_explicit(count, by, memory_order_relaxed);
}

CN_INLINE void cn_count_raise(_Atomic size_t *peak, size_t now) {
    size_t old = cn_count_of(peak);
    while (old < now &&
           !atomic_compare_exchange_weak_explicit(peak, &old, now, memory_order_relaxed, memory_order_relaxed)) {
    }
}

/* To be called where used_slots, committed_arenas, direct_bytes or guarded_bytes have become more. */
CN_INLINE void cn_count_peaks(void) {
    size_t direct = cn_count_of(&cn_counts.direct_bytes);
    size_t used = cn_count_of(&cn_counts.used_slots) * CN_SLOT_BYTES;
    size_t committed = cn_count_of(&cn_counts.committed_arenas) * CN_ARENA_BYTES;
    cn_count_raise(&cn_counts.peak_used_bytes, used + direct + cn_count_of(&cn_counts.guarded_bytes));
    cn_count_raise(&cn_counts.peak_arena_bytes, committed + direct + cn_count_of(&cn_counts.guarded_page_bytes));
}

#endif
