/*
 * inspect.c: the public functions that look at all heaps, or trim them: cairn_walk, cairn_check, cairn_trim.
 */
#include "arena.h"
#include "cairn.h"
#include "panic.h"
#include "process.h"
#include "purge.h"
#include "thread.h"
#include "walk.h"

bool cairn_walk(cairn_visit_fn *visit, void *argument) {
    cn_process_start();
    return cn_walk_blocks(NULL, visit, argument);
}

bool cairn_heap_walk(struct cairn_heap *heap, cairn_visit_fn *visit, void *argument) {
    (void)cairn_heap_name(heap); /* reports what is no named heap */
    return cn_walk_blocks(heap, visit, argument);
}

static void check_named(struct cairn_heap *heap) {
    cn_lock_take(&heap->lock);
    cn_heap_check(heap);
    cn_lock_give(&heap->lock);
}

/* Checks all heaps that this thread may look into. Returns how many heaps other threads have. */
static size_t check_heaps(void) {
    size_t others = 0;
    for (size_t i = 0; i < cn_heap_count(); i++) {
        struct cairn_heap *heap = cn_heap_at(i);
        enum cn_heap_state state = cn_heap_state(heap);
        if (state == CN_HEAP_NAMED) {
            check_named(heap);
        } else if (heap == cn_heap_mine) {
            cn_heap_check(heap);
        } else if (state == CN_HEAP_OWNED) {
            others++;
        } else if (cn_heap_seize(heap)) {
            cn_heap_check(heap);
            cn_heap_unseize(heap);
        }
    }
    return others;
}

bool cairn_check(void) {
    cn_process_start();
    size_t others = check_heaps();
    cn_region_check();
    if (others == 0 && cn_region.base != NULL) {
        cn_arena_check();
    }
    return true;
}

static size_t trim_named(void) {
    size_t bytes = 0;
    for (size_t i = 0; i < cn_heap_count(); i++) {
        struct cairn_heap *heap = cn_heap_at(i);
        if (cn_heap_state(heap) == CN_HEAP_NAMED) {
            cn_lock_take(&heap->lock);
            bytes += cn_heap_trim(heap);
            cn_lock_give(&heap->lock);
        }
    }
    return bytes;
}

size_t cairn_trim(void) {
    cn_process_start();
    size_t bytes = trim_named() + cn_heap_trim_abandoned();
    if (cn_heap_mine != NULL && cn_heap_mine != &cn_heap_gone) {
        bytes += cn_heap_trim(cn_heap_mine);
    }
    return bytes + cn_purge_all();
}
