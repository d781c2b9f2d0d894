/*
 * fresh.h: memory of pools that was never handed out since the pool was made. It gets the freed fill a little ahead of
 * what is handed out, so that a write beyond the last block is found; the rest is zero, and where it is not used it is
 * not in memory either, and costs nothing.
 *
 * F1  Where a pool has handed out blocks up to byte n, the bytes [n, n + CN_FRESH_AHEAD_BYTES) of it are the freed fill,
 *     and what follows up to a multiple of that.
 * F2  Those from there on are zero, or, while they are being handed out, the freed fill.
 *
 * Both hold only with a freed fill (fill_freed=off: none).
 */
#ifndef CN_FRESH_H
#define CN_FRESH_H

#include "alloc/hooks.h"
#include "alloc/pool.h"
#include "damage.h"

/* Reports where F1 or F2 does not hold for the pool; `unasked`, for malloc and free, asks the system nothing (unowned.h). */
void cn_fresh_check(const struct cn_pool *pool, const struct cn_look *look);
void cn_fresh_check_unasked(const struct cn_pool *pool, const struct cn_look *look);

/* Reports where F1 does not hold of the pool that starts in the slot, and has that owner word; another thread may be taking from
 * it, or give it back. */
void cn_fresh_check_in_use(size_t slot, uintptr_t owner, const struct cn_look *look);

/* Reports where F1 or F2 does not hold of what is next, and keeps them true, where blocks are about to be handed out for
 * the first time. */
void cn_fresh_hand_out(const struct cn_fresh *fresh);

/* Makes F1 and F2 true for the pool. */
void cn_fresh_fill(const struct cn_pool *pool);

/* Makes F2 true. */
void cn_fresh_clear(const struct cn_pool *pool);

#endif
