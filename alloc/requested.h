/*
 * requested.h: how many bytes were asked for, as against handed out. Counted only where the stats option wants it: a
 * table says for each block how much of it was not asked for. It lies beside the region's other tables.
 */
#ifndef CN_REQUESTED_H
#define CN_REQUESTED_H

#include "region.h"

/* From now on every request is counted; blocks that are there already count in full. Before there is a second
 * thread. */
void cn_requested_enable(void);

/* Whether requests are counted. */
CN_INLINE bool cn_requested_is_on(void) { return cn_region.slack_is_enabled; }

/* Notes that `size` bytes were asked for of the block of `bytes` bytes that starts at the granule. Nothing where
 * requests are not counted. */
CN_INLINE void cn_requested_note(size_t granule, size_t bytes, size_t size) {
    if (CN_UNLIKELY(cn_requested_is_on())) {
        size_t slack = bytes - cn_min(size, bytes);
        size_t first = cn_min(slack, UINT16_MAX);
        atomic_store_explicit(&cn_region.slack[granule], (uint16_t)first, memory_order_relaxed);
        if (bytes > CN_BLOCK_MAX_BYTES) { /* of a span, the entry of the next granule has what one cannot hold */
            size_t rest = cn_min(slack - first, UINT16_MAX);
            atomic_store_explicit(&cn_region.slack[granule + 1], (uint16_t)rest, memory_order_relaxed);
        }
    }
}

/* The bytes that were asked for of the block of `bytes` bytes at the granule. */
CN_INLINE size_t cn_requested_of(size_t granule, size_t bytes) {
    size_t slack = atomic_load_explicit(&cn_region.slack[granule], memory_order_relaxed);
    if (bytes > CN_BLOCK_MAX_BYTES) {
        slack += atomic_load_explicit(&cn_region.slack[granule + 1], memory_order_relaxed);
    }
    return bytes - cn_min(slack, bytes);
}

#endif
