/*
 * fresh.h: memory of pools that was never handed out since the pool was made. It gets the freed fill a little ahead of
 * what is handed out, so that a write beyond the last block is found, and memory that is never used costs nothing.
 *
 * F1  Where a pool has handed out blocks up to byte n, the bytes [n, n + FRESH_AHEAD_BYTES) of it are the freed fill.
 */
#ifndef CN_FRESH_H
#define CN_FRESH_H

#include "alloc/hooks.h"
#include "damage.h"

/* Reports where F1 does not hold for a pool whose blocks up to `handed_out_bytes` were handed out. */
void cn_fresh_check(const char *pool, size_t pool_bytes, size_t handed_out_bytes, const struct cn_look *look);

/* Keeps F1 true where blocks are about to be handed out for the first time. */
void cn_fresh_hand_out(const struct cn_fresh *fresh);

/* Makes F1 true for such a pool. */
void cn_fresh_fill(char *pool, size_t pool_bytes, size_t handed_out_bytes);

#endif
