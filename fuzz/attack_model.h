/*
 * attack_model.h: what a program knows of its blocks: which are live, where they lie, and what it wrote into them. It
 * asks nothing of the allocator.
 *
 * Places hold blocks, live ones and ones that were freed, which the program still has the pointers of. Of each live
 * block the first and the last bytes are known.
 */
#ifndef CAIRN_FUZZ_ATTACK_MODEL_H
#define CAIRN_FUZZ_ATTACK_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CN_PLACES = 192, CN_KNOWN_BYTES = 128 /* at each end of a block */ };

struct cairn_heap;

enum cn_place_state { CN_PLACE_UNUSED, CN_PLACE_LIVE, CN_PLACE_DANGLING };

struct cn_attack_block {
    enum cn_place_state state;
    char *start;
    size_t requested;
    size_t usable;
    size_t alignment;
    struct cairn_heap *heap; /* NULL: a thread's */
    uint8_t head[CN_KNOWN_BYTES];
    uint8_t tail[CN_KNOWN_BYTES];
};

struct cn_attack_model {
    struct cn_attack_block blocks[CN_PLACES];
    size_t live_count;
};

/* No block is known. */
void cn_attack_forget(struct cn_attack_model *model);

/* Notes a block that the allocator has handed out, in the place. It must not overlap a live one. What it holds becomes
 * known. */
void cn_attack_add(struct cn_attack_model *model, size_t place, const struct cn_attack_block *block);

/* The live block in the place is about to be given back, and must hold what is known: its pointer dangles from now on. */
void cn_attack_remove(struct cn_attack_model *model, size_t place);

/* The live block that starts at the address; NULL: there is none. */
struct cn_attack_block *cn_attack_find(struct cn_attack_model *model, const void *start);

/* The program itself is about to write to [from, from + bytes): the live blocks there must hold what is known ... */
void cn_attack_writes(const struct cn_attack_model *model, const char *from, size_t bytes);
/* ... and has written: what they hold now becomes known. */
void cn_attack_wrote(struct cn_attack_model *model, const char *from, size_t bytes);

/* Every live block must hold what is known. */
void cn_attack_compare(const struct cn_attack_model *model);

/* The bytes of the block at `moved` must begin as those of `block` did, as far as both reach. */
void cn_attack_compare_moved(const struct cn_attack_block *block, const char *moved, size_t bytes);

#endif
