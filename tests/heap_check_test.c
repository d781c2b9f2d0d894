/*
 * heap_check_test.c: M1, M2, P4 and H1 to H7 of heaps, their magazines and lists (heap.h): one field is damaged, and
 * the report must name the invariant.
 */
#define _GNU_SOURCE
#include "alloc/heap.h"
#include "tests/unit.h"

static struct cairn_heap *heap;

enum damage {
    TOP_BELOW_BOTTOM,
    TOP_ABOVE_CEILING,
    SENTINEL_FILLED,
    LIVE_AND_CACHED,
    CACHED_TWICE,
    OTHER_HEAP,
    LINK_BROKEN,
    PARTIAL_AMONG_FULL,
    IDLE_MISCOUNTED,
    SLOTS_MISCOUNTED,
    FOREIGN_SPAN,
    EMPTY_MISCOUNTED,
    PURGED_BEYOND_IDLE,
    PASS_ASTRAY,
    NOTHING_TO_TAKE,
};

static void break_magazine(enum damage damage, struct cn_magazine *magazine, void **bottom) {
    switch (damage) {
    case TOP_BELOW_BOTTOM:
        magazine->top = bottom - 1;
        break;
    case TOP_ABOVE_CEILING:
        magazine->ceiling = magazine->top - 1;
        break;
    case SENTINEL_FILLED:
        *bottom = bottom;
        break;
    case LIVE_AND_CACHED:
        cn_live_set(cn_granule_of(*magazine->top));
        break;
    default:
        magazine->top[0] = magazine->top[-1];
    }
}

static void break_pool(enum damage damage, struct cn_bin *bin) {
    struct cn_pool *pool = bin->partial.first;
    switch (damage) {
    case OTHER_HEAP:
        atomic_store(&pool->heap, NULL);
        break;
    case LINK_BROKEN:
        MUST(pool->next != NULL);
        pool->next->prev = NULL;
        break;
    case PARTIAL_AMONG_FULL:
        cn_pool_unlink(&bin->partial, pool);
        cn_pool_link(&bin->full, pool);
        break;
    default: /* neither fresh nor, as far as it is marked, idle */
        pool->fresh = pool->blocks;
        memset(&pool->worth, 0, sizeof pool->worth);
    }
}

static void break_counts(enum damage damage) {
    static struct cn_pool span;
    switch (damage) {
    case IDLE_MISCOUNTED:
        heap->idle_bytes += CN_GRANULE_BYTES;
        break;
    case SLOTS_MISCOUNTED:
        cn_heap_count_slots(heap, 1, 0);
        break;
    case FOREIGN_SPAN:
        span.class_index = CN_CLASS_SPAN;
        cn_pool_link(&heap->spans, &span);
        break;
    case EMPTY_MISCOUNTED:
        heap->empty_slots++;
        break;
    case PURGED_BEYOND_IDLE:
        heap->purged_at_idle_bytes = heap->idle_bytes + 1;
        break;
    default: /* at a pool of another class than it says */
        heap->purge_left = 4;
        heap->purge_next = heap->bins[4].partial.first;
    }
}

/* Class 4 has two pools with room, and some of its blocks are cached. */
static void start_heap(void) {
    static void *blocks[2 * CN_SLOT_GRANULES];
    heap = cn_heap_claim();
    MUST(heap != NULL);
    size_t count = 2 * (size_t)cn_class_at(4)->pool_blocks;
    for (size_t i = 0; i < count; i++) {
        blocks[i] = cn_heap_take(heap, 4);
        MUST(blocks[i] != NULL);
    }
    for (size_t i = 0; i < count; i++) {
        if (i % 3 != 1) { /* more than the magazine holds, of either pool */
            cn_heap_give(heap, cn_granule_of(blocks[i]));
        }
    }
    cn_heap_check(heap);
}

static void damage_heap(void *argument) {
    const enum damage damage = *(enum damage *)argument;
    start_heap();
    if (damage < OTHER_HEAP) {
        break_magazine(damage, &heap->magazines[4], cn_heap_bottom(heap, 4));
    } else if (damage == NOTHING_TO_TAKE || damage < IDLE_MISCOUNTED) {
        break_pool(damage, &heap->bins[4]);
    } else {
        break_counts(damage);
    }
    for (size_t i = 0; damage == NOTHING_TO_TAKE && i < CN_SLOT_GRANULES; i++) { /* comes to the pool in the end */
        MUST(cn_heap_take(heap, 4) != NULL);
    }
    cn_heap_check(heap);
}

static void check_names_what_is_broken(void **state) {
    (void)state;
    static const char *const names[] = {
        [TOP_BELOW_BOTTOM] = "M1",   [TOP_ABOVE_CEILING] = "M1", [SENTINEL_FILLED] = "M1", [LIVE_AND_CACHED] = "M2",
        [CACHED_TWICE] = "M2",       [OTHER_HEAP] = "H1",        [LINK_BROKEN] = "H1",     [PARTIAL_AMONG_FULL] = "H1",
        [IDLE_MISCOUNTED] = "H2",    [SLOTS_MISCOUNTED] = "H3",  [FOREIGN_SPAN] = "H4",    [EMPTY_MISCOUNTED] = "H5",
        [PURGED_BEYOND_IDLE] = "H6", [PASS_ASTRAY] = "H7",       [NOTHING_TO_TAKE] = "P4",
    };
    for (enum damage damage = TOP_BELOW_BOTTOM; damage <= NOTHING_TO_TAKE; damage++) {
        expect_invariant(damage_heap, &damage, names[damage]);
    }
}

static void leave_whole(void *argument) {
    (void)argument;
    start_heap();
    (void)cn_heap_trim(heap);
    cn_heap_check(heap);
}

static void heap_that_nobody_damaged_is_in_order(void **state) {
    (void)state;
    expect_return(leave_whole, NULL);
}

/* No heap is claimed here, so that every child starts with none. */
static int start(void **state) {
    (void)state;
    cn_class_init();
    cn_region_init();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_names_what_is_broken),
        cmocka_unit_test(heap_that_nobody_damaged_is_in_order),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
