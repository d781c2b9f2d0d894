/*
 * ahead.h: how far ahead of what a pool has handed out its memory is filled: F1 of fresh.h.
 */
#ifndef CN_AHEAD_H
#define CN_AHEAD_H

#include "alloc/pool.h"
#include "alloc/size_class.h"

enum { CN_FRESH_AHEAD_BYTES = 4096 /* a power of two */ };

/* Up to where a pool is filled, a step at a time; not at all before its first block. */
CN_INLINE size_t cn_ahead_bytes(size_t pool_bytes, size_t handed_out_bytes) {
    size_t ahead = cn_round_up(handed_out_bytes + CN_FRESH_AHEAD_BYTES, CN_FRESH_AHEAD_BYTES);
    return handed_out_bytes == 0 ? 0 : cn_min(pool_bytes, ahead);
}

CN_INLINE size_t cn_ahead_handed_out_bytes(const struct cn_pool *pool) {
    return (size_t)cn_pool_fresh(pool) * cn_class_at(cn_pool_class(pool))->block_bytes;
}

/* Whether the address, in a pool's slot and in none of the blocks that it has handed out, is filled. */
CN_INLINE bool cn_ahead_covers(size_t slot, const char *address) {
    const struct cn_pool *pool = cn_pool_of_slot(slot);
    size_t handed_out = cn_pool_class(pool) < CN_CLASS_COUNT ? cn_ahead_handed_out_bytes(pool) : 0;
    return address < cn_pool_address(pool) + cn_ahead_bytes(cn_pool_slots(pool) * CN_SLOT_BYTES, handed_out);
}

#endif
