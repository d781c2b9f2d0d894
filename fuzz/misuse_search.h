/*
 * misuse_search.h: what finds damage: a sweep, a call about the damaged block, the block's leaving quarantine, or the end
 * of its heap. Which of them is taken from the input.
 */
#ifndef CAIRN_FUZZ_MISUSE_SEARCH_H
#define CAIRN_FUZZ_MISUSE_SEARCH_H

#include "fuzz/misuse_blocks.h"

/* The block, or what is around it, was damaged: it is to be looked for when the history is over, or at once, where it
 * may go unseen before. */
void cn_misuse_search_for(struct cn_misuse_blocks *blocks, struct cn_misuse_block *block);

/* The history is over: has the damage found that is still to be looked for. */
void cn_misuse_find_damage(struct cn_misuse_blocks *blocks);

void cn_misuse_sweep(void);

/* Lets all that waits leave, by having one more block wait where there is room for nothing. */
void cn_misuse_empty_quarantine(struct cn_misuse_blocks *blocks);

#endif
