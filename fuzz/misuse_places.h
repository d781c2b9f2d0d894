/*
 * misuse_places.h: where no block is, in the heap and outside it, and what a report must say of that.
 */
#ifndef CAIRN_FUZZ_MISUSE_PLACES_H
#define CAIRN_FUZZ_MISUSE_PLACES_H

#include "fuzz/misuse_blocks.h"

struct cn_misuse_place {
    void *pointer;     /* NULL: there is no such place now */
    const char *words; /* part of the sentence */
};

/* Maps what some of the places lie in. Once. */
void cn_misuse_places_init(void);

/* Any place. `local` is a variable on the caller's stack. */
struct cn_misuse_place cn_misuse_take_place(struct cn_misuse_blocks *blocks, char *local);

/* A slot that nobody has, and that holds nothing, from where the input says on; NULL: there is none. */
char *cn_misuse_take_unowned(struct cn_misuse_blocks *blocks);

#endif
