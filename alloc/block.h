/*
 * block.h: the one way from a pointer that the program hands in to what Cairn knows of it, but for the hot path of free
 * (cairn.c), which makes the same tests in the same order for the blocks of its own heap.
 */
#ifndef CN_BLOCK_H
#define CN_BLOCK_H

#include "region.h"

struct cairn_heap;

enum cn_block_kind { CN_BLOCK_NONE, CN_BLOCK_POOL, CN_BLOCK_SPAN, CN_BLOCK_DIRECT, CN_BLOCK_GUARDED };

struct cn_block {
    enum cn_block_kind kind;
    unsigned class_index;    /* of a pool's block */
    size_t granule;          /* of a pool's block or span */
    size_t bytes;            /* usable */
    struct cairn_heap *heap; /* of a pool's block; of a span, NULL unless it is a named heap's */
};

/* What the live block is that starts at `pointer`; kind CN_BLOCK_NONE where there is none, or it is freed already
 * and its owner does not know yet. NULL is no block. */
struct cn_block cn_block_find(const void *pointer);

struct cn_pool;

/* The pool that the slot is part of, or was last; NULL where what the entry remembers is overwritten since. */
const struct cn_pool *cn_block_last_pool(size_t slot);

enum cn_place_kind {
    CN_PLACE_OUTSIDE, /* of the region and of the guarded pages */
    CN_PLACE_EMPTY,   /* no pool or span */
    CN_PLACE_FREED,   /* a block started here, and is free */
    CN_PLACE_FRESH,   /* a block that was never handed out, or the end of a pool */
    CN_PLACE_INSIDE   /* inside a block, live or free */
};

/* What any other address is, for a report. */
struct cn_place {
    enum cn_place_kind kind;
    size_t block_bytes; /* CN_PLACE_INSIDE: the block around it ... */
    size_t offset;      /* ... and how far in it lies */
};

struct cn_place cn_place_of(const void *pointer);

#endif
