#include "fuzz/misuse_pick.h"

#include "alloc/pool.h"

bool cn_misuse_is_live(const struct cn_misuse_blocks *all, const struct cn_misuse_block *block) {
    (void)all;
    return block->state == CN_MISUSE_LIVE;
}

bool cn_misuse_is_live_of_malloc(const struct cn_misuse_blocks *all, const struct cn_misuse_block *block) {
    return cn_misuse_is_live(all, block) && block->asked != CN_ASKED_NEW && block->asked != CN_ASKED_NEW_ARRAY;
}

bool cn_misuse_is_live_of_thread(const struct cn_misuse_blocks *all, const struct cn_misuse_block *block) {
    return cn_misuse_is_live(all, block) && block->heap == 0;
}

bool cn_misuse_is_last_of_pool(const struct cn_misuse_blocks *all, const struct cn_misuse_block *block) {
    if (!cn_misuse_is_live_of_thread(all, block) || !cn_misuse_is_of_pool(block)) {
        return false;
    }
    const char *core = block->user - block->head_bytes;
    const char *end = block->user + block->size + block->tail_bytes;
    const struct cn_pool *pool = cn_pool_of_slot(cn_slot_of_granule(cn_granule_of(core)));
    return end == cn_pool_address(pool) + cn_pool_fresh(pool) * (size_t)(end - core);
}

bool cn_misuse_is_live_of_named(const struct cn_misuse_blocks *all, const struct cn_misuse_block *block) {
    return cn_misuse_is_live(all, block) && block->heap != 0;
}

bool cn_misuse_can_be_promised(const struct cn_misuse_blocks *all, const struct cn_misuse_block *block) {
    return cn_misuse_is_live_of_named(all, block) && block->size > 0 && cn_misuse_is_of_pool(block);
}

bool cn_misuse_can_be_sealed(const struct cn_misuse_blocks *all, const struct cn_misuse_block *block) {
    return cn_misuse_is_live_of_named(all, block) && block->size > 0;
}

bool cn_misuse_is_freed_of_named(const struct cn_misuse_blocks *all, const struct cn_misuse_block *block) {
    return cn_misuse_is_known_freed(all, block) && block->heap != 0 && (cn_misuse_is_of_pool(block) || !all->protects);
}

bool cn_misuse_is_freed_of_pool(const struct cn_misuse_blocks *all, const struct cn_misuse_block *block) {
    return cn_misuse_is_freed_of_named(all, block) && cn_misuse_is_of_pool(block);
}

struct cn_misuse_block *cn_misuse_take_live(struct cn_misuse_blocks *blocks, cn_misuse_fits_fn *fits) {
    struct cn_misuse_block *block = cn_misuse_pick(blocks, fits);
    if (block == NULL) {
        block = cn_misuse_make(blocks, 1, CN_ASKED_MALLOC);
        block = fits(blocks, block) ? block : NULL;
    }
    return block;
}

struct cn_misuse_block *cn_misuse_take_freed(struct cn_misuse_blocks *blocks, cn_misuse_fits_fn *fits) {
    struct cn_misuse_block *block = cn_misuse_pick(blocks, fits);
    if (block == NULL) {
        block = cn_misuse_make(blocks, 1, CN_ASKED_MALLOC);
        cn_misuse_free(blocks, block);
        block = fits(blocks, block) ? block : NULL;
    }
    return block;
}

size_t cn_misuse_take_below(struct cn_misuse_blocks *blocks, size_t limit) {
    return limit == 0 ? 0 : cn_bytes_take_number(blocks->input, 3) % limit;
}
