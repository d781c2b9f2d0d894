/*
 * misuse_blocks.h: the random history of a program without bugs, in the debug form, and what the program knows of its
 * blocks: which are live, and which of the freed ones must still be known as such.
 *
 * Where a block's surroundings end is computed from the size classes, never asked of the debug form.
 */
#ifndef CAIRN_FUZZ_MISUSE_BLOCKS_H
#define CAIRN_FUZZ_MISUSE_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alloc/hooks.h"
#include "fuzz/bytes.h"

enum {
    CN_MISUSE_PLACES = 64,
    CN_MISUSE_HEAPS = 3,                  /* the first is the thread's */
    CN_MISUSE_QUARANTINE_BYTES = 8 << 20, /* which is room for what an input frees, as long as that is half of it */
};

enum cn_misuse_state { CN_MISUSE_UNUSED, CN_MISUSE_LIVE, CN_MISUSE_FREED, CN_MISUSE_PARKED };

/* What reports call each `enum cn_asked`. */
extern const char *const cn_misuse_asked_names[];

struct cn_misuse_block {
    enum cn_misuse_state state;
    char *user;
    size_t size;
    size_t head_bytes; /* before it */
    size_t tail_bytes; /* behind it, at least 1 */
    unsigned heap;
    enum cn_asked asked;
    uint64_t born; /* in the order of all allocations and frees */
    uint64_t ended;
    bool is_promised; /* sealed or fenced: its bytes are not the history's */
};

struct cn_misuse_blocks {
    struct cn_misuse_block places[CN_MISUSE_PLACES];
    struct cairn_heap *heaps[CN_MISUSE_HEAPS]; /* the first is NULL */
    struct cn_bytes *input;
    uint64_t time;
    size_t freed_bytes;
    unsigned sweeps; /* of the history */
    bool all_wait;   /* nothing that this input has freed has left quarantine */
    bool protects;   /* freed spans cannot be accessed */
};

/* No block, and new heaps. */
void cn_misuse_begin(struct cn_misuse_blocks *blocks, struct cn_bytes *input);
/* Frees everything that is left. */
void cn_misuse_finish(struct cn_misuse_blocks *blocks);

/* One call that is right, with what belongs to it. */
void cn_misuse_step(struct cn_misuse_blocks *blocks);

/* A new block; size and alignment are taken from the input. */
struct cn_misuse_block *cn_misuse_make(struct cn_misuse_blocks *blocks, unsigned heap, enum cn_asked asked);
/* The same of that size. */
struct cn_misuse_block *cn_misuse_make_sized(struct cn_misuse_blocks *blocks, unsigned heap, enum cn_asked asked,
                                             size_t size);
/* Whether a new block takes the place of none that is live. */
bool cn_misuse_has_room(const struct cn_misuse_blocks *blocks);
/* By a function of its family. */
void cn_misuse_free(struct cn_misuse_blocks *blocks, struct cn_misuse_block *block);
/* The block is gone; the call was made by somebody else. */
void cn_misuse_note_end(struct cn_misuse_blocks *blocks, struct cn_misuse_block *block);
/* All blocks of the named heap are gone, and it is a new one. */
void cn_misuse_renew_heap(struct cn_misuse_blocks *blocks, unsigned heap);

/* What is asked of a block; `blocks` says what the rest is like. */
typedef bool cn_misuse_fits_fn(const struct cn_misuse_blocks *blocks, const struct cn_misuse_block *block);

/* A place that `fits`, from where the input says on; NULL: there is none. */
struct cn_misuse_block *cn_misuse_pick(struct cn_misuse_blocks *blocks, cn_misuse_fits_fn *fits);

/* Whether the block was freed, and must still be known: it waits, or lies free in a pool that has been there since. */
bool cn_misuse_is_known_freed(const struct cn_misuse_blocks *blocks, const struct cn_misuse_block *block);

/* Whether its block of the core is a pool's. */
bool cn_misuse_is_of_pool(const struct cn_misuse_block *block);

#endif
