/*
 * requested.h: how many bytes were asked for, as against handed out. Counted only where the stats option wants it: a
 * table says for each block how much of it was not asked for. It lies beside the region's other tables.
 */
#ifndef CN_REQUESTED_H
#define CN_REQUESTED_H

#include <limits.h>

#include "region.h"

/* From now on every request is counted; blocks that are there already count in full. Before there is a second
 * thread. */
void cn_requested_enable(void);

/* Whether requests are counted. */
CN_INLINE bool cn_requested_is_on(void) { return cn_region.slack_is_enabled; }

enum { CN_REQUESTED_BITS = 16 }; /* of an entry of the table */

/* Of a span, those of some granules more hold the upper bits: one that could not move may be of any size. */
CN_INLINE size_t cn_requested_entries(size_t bytes) {
    return bytes > CN_BLOCK_MAX_BYTES ? sizeof(size_t) * CHAR_BIT / CN_REQUESTED_BITS : 1;
}

/* Notes that `size` bytes were asked for of the block of `bytes` bytes that starts at the granule. Nothing where
 * requests are not counted. */
CN_INLINE void cn_requested_note(size_t granule, size_t bytes, size_t size) {
    if (CN_UNLIKELY(cn_requested_is_on())) {
        size_t slack = bytes - cn_min(size, bytes);
        size_t entries = cn_requested_entries(bytes);
        slack = entries == 1 ? cn_min(slack, UINT16_MAX) : slack;
        for (size_t i = 0; i < entries; i++, slack >>= CN_REQUESTED_BITS) {
            atomic_store_explicit(&cn_region.slack[granule + i], (uint16_t)slack, memory_order_relaxed);
        }
    }
}

/* The bytes that were asked for of the block of `bytes` bytes at the granule. */
CN_INLINE size_t cn_requested_of(size_t granule, size_t bytes) {
    size_t slack = 0;
    for (size_t i = cn_requested_entries(bytes); i-- > 0;) {
        slack = slack << CN_REQUESTED_BITS | atomic_load_explicit(&cn_region.slack[granule + i], memory_order_relaxed);
    }
    return bytes - cn_min(slack, bytes);
}

#endif
