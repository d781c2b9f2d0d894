/*
 * heap_blocks.h: blocks of one heap, by its owner, each with a pattern of its own.
 */
#ifndef CAIRN_TESTS_HEAP_BLOCKS_H
#define CAIRN_TESTS_HEAP_BLOCKS_H

#include "alloc/arena.h"
#include "alloc/heap.h"
#include "tests/unit.h"

enum { MOST_BLOCKS = 40000 };

struct held {
    void *block;
    unsigned class_index;
};

static struct held blocks[MOST_BLOCKS];
static size_t block_count;
static struct cairn_heap *heap;

static inline size_t slots_held(void) { return atomic_load(&heap->slots_held); }

static inline void start_heap(void) {
    heap = cn_heap_claim();
    MUST(heap != NULL && cn_heap_state(heap) == CN_HEAP_OWNED);
}

static inline void take(unsigned class_index) {
    void *block = cn_heap_take(heap, class_index);
    MUST(block != NULL && block_count < MOST_BLOCKS);
    MUST(cn_live_test(cn_granule_of(block)));
    fill_pattern(block, cn_class_at(class_index)->block_bytes, (uintptr_t)block);
    blocks[block_count++] = (struct held){block, class_index};
}

/* The block, which is checked, is no longer among those that are held. */
static inline size_t let_go(size_t index) {
    struct held held = blocks[index];
    MUST(has_pattern(held.block, cn_class_at(held.class_index)->block_bytes, (uintptr_t)held.block));
    blocks[index] = blocks[--block_count];
    return cn_granule_of(held.block);
}

static inline void give(size_t index) { cn_heap_give(heap, let_go(index)); }

static inline void post(size_t index) { MUST(cn_remote_post(&heap->remote, let_go(index))); }

static inline void give_all(void) {
    while (block_count > 0) {
        give(block_count - 1);
    }
}

static inline void check(void) {
    cn_heap_check(heap);
    cn_arena_check();
    cn_arena_check_quiet();
}

/* No heap is claimed here, so that every child starts with none. */
static inline int start(void **state) {
    (void)state;
    cn_class_init();
    cn_region_init();
    return 0;
}

#endif
