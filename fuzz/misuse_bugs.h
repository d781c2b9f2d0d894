/*
 * misuse_bugs.h: the bugs that a program can have, each of a kind and in places where the debug form promises to tell
 * it.
 *
 * Each takes from the input what it needs, makes its report due (misuse_due.h), and does what is wrong. It does nothing
 * where no block is fit for it.
 */
#ifndef CAIRN_FUZZ_MISUSE_BUGS_H
#define CAIRN_FUZZ_MISUSE_BUGS_H

#include "fuzz/misuse_blocks.h"

enum { CN_MISUSE_WRITES = 11, CN_MISUSE_CALLS = 7 };

typedef void cn_misuse_bug(struct cn_misuse_blocks *blocks);

/* Damage, which some call finds later. */
extern cn_misuse_bug *const cn_misuse_writes[CN_MISUSE_WRITES];

/* Calls, after each of which nothing is due any more. */
extern cn_misuse_bug *const cn_misuse_calls[CN_MISUSE_CALLS];

#endif
