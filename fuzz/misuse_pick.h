/*
 * misuse_pick.h: which block a bug is made with.
 */
#ifndef CAIRN_FUZZ_MISUSE_PICK_H
#define CAIRN_FUZZ_MISUSE_PICK_H

#include "fuzz/misuse_blocks.h"

cn_misuse_fits_fn cn_misuse_is_live;
cn_misuse_fits_fn cn_misuse_is_live_of_malloc;
cn_misuse_fits_fn cn_misuse_is_live_of_thread;
cn_misuse_fits_fn cn_misuse_is_last_of_pool;   /* live and the thread's: behind it nothing was handed out yet */
cn_misuse_fits_fn cn_misuse_is_live_of_named;  /* a named heap's */
cn_misuse_fits_fn cn_misuse_can_be_promised;   /* of some bytes, which no page watches over */
cn_misuse_fits_fn cn_misuse_can_be_sealed;     /* of some bytes */
cn_misuse_fits_fn cn_misuse_is_freed_of_named; /* and can still be written */
cn_misuse_fits_fn cn_misuse_is_freed_of_pool;

/* A live block that fits, or a freed one; a new one where there is none. NULL: that does not fit either. */
struct cn_misuse_block *cn_misuse_take_live(struct cn_misuse_blocks *blocks, cn_misuse_fits_fn *fits);
struct cn_misuse_block *cn_misuse_take_freed(struct cn_misuse_blocks *blocks, cn_misuse_fits_fn *fits);

/* A number below the limit; 0 where that is 0. */
size_t cn_misuse_take_below(struct cn_misuse_blocks *blocks, size_t limit);

#endif
