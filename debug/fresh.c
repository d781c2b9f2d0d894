#include "fresh.h"

#include "canary.h"

enum { FRESH_AHEAD_BYTES = 4096 };

/* Up to where a pool is filled; not at all before its first block. */
static size_t filled_bytes(size_t pool_bytes, size_t handed_out_bytes) {
    return handed_out_bytes == 0 ? 0 : cn_min(pool_bytes, handed_out_bytes + FRESH_AHEAD_BYTES);
}

void cn_fresh_check(const char *pool, size_t pool_bytes, size_t handed_out_bytes, const struct cn_look *look) {
    size_t filled = filled_bytes(pool_bytes, handed_out_bytes);
    if (filled > handed_out_bytes) {
        (void)cn_damage_check_fresh(pool + handed_out_bytes, pool + filled, look);
    }
}

void cn_fresh_fill(char *pool, size_t pool_bytes, size_t handed_out_bytes) {
    size_t filled = filled_bytes(pool_bytes, handed_out_bytes);
    if (filled > handed_out_bytes) {
        cn_fill_write(pool + handed_out_bytes, pool + filled, (unsigned char)cn_fill_freed);
    }
}

void cn_fresh_hand_out(const struct cn_fresh *fresh) {
    struct cn_look look = {"malloc", 0};
    size_t from = fresh->first * fresh->block_bytes;
    size_t before = filled_bytes(fresh->pool_bytes, from);
    size_t after = filled_bytes(fresh->pool_bytes, from + fresh->count * fresh->block_bytes);
    if (cn_fill_freed < 0) {
        return;
    }
    cn_fresh_check(fresh->pool, fresh->pool_bytes, from, &look);
    if (before < after) {
        cn_fill_write(fresh->pool + before, fresh->pool + after, (unsigned char)cn_fill_freed);
    }
}
