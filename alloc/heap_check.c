/*
 * heap_check.c: the invariants of heaps and magazines (H1 to H7, M1 and M2), asserted.
 */
#include "heap.h"
#include "panic.h"

static uint32_t count_cached(struct cairn_heap *heap, const struct cn_pool *pool) {
    uint32_t cached = 0;
    char *first = cn_pool_address(pool);
    for (void **entry = cn_heap_bottom(heap, cn_pool_class(pool)) + 1;
         entry <= heap->magazines[cn_pool_class(pool)].top; entry++) {
        size_t distance = (size_t)((char *)*entry - first);
        cached += distance < cn_pool_slots(pool) * CN_SLOT_BYTES ? 1 : 0;
    }
    return cached;
}

static size_t check_list(struct cairn_heap *heap, const struct cn_pool_list *list, size_t *slots, size_t *empty_slots) {
    size_t idle_bytes = 0;
    for (struct cn_pool *pool = list->first; pool != NULL; pool = pool->next) {
        cn_pool_check(pool, count_cached(heap, pool), cn_owner_of(heap, cn_pool_class(pool)));
        CN_ASSERT(cn_pool_heap(pool) == heap, "H1: a pool's heap is the heap whose list it is on");
        CN_ASSERT(pool->next == NULL || pool->next->prev == pool, "H1: a list is linked both ways");
        idle_bytes += (size_t)(pool->blocks - pool->held) * cn_class_at(cn_pool_class(pool))->block_bytes;
        *slots += cn_pool_slots(pool);
        *empty_slots += pool->held == 0 ? cn_pool_slots(pool) : 0;
    }
    return idle_bytes;
}

static void check_magazine(struct cairn_heap *heap, unsigned class_index) {
    const struct cn_magazine *magazine = &heap->magazines[class_index];
    void **bottom = cn_heap_bottom(heap, class_index);
    CN_ASSERT(*bottom == NULL && bottom <= magazine->top && magazine->top <= magazine->ceiling &&
                  magazine->ceiling <= bottom + cn_class_at(class_index)->magazine_blocks,
              "M1: bottom <= top <= ceiling, and *bottom is NULL");
    for (void **entry = bottom + 1; entry <= magazine->top; entry++) {
        CN_ASSERT(!cn_live_test(cn_granule_of(*entry)), "M2: no entry's block is live");
        for (void **other = entry + 1; other <= magazine->top; other++) {
            CN_ASSERT(*other != *entry, "M2: no block stands twice in a magazine");
        }
    }
}

static void check_pass(const struct cairn_heap *heap) {
    CN_ASSERT(heap->purge_left <= CN_CLASS_COUNT && (heap->purge_left != 0 || heap->purge_next == NULL),
              "H7: purge_next is of a class that the pass is at");
    bool is_there = heap->purge_next == NULL;
    if (!is_there) {
        for (const struct cn_pool *pool = heap->bins[heap->purge_left - 1].partial.first; pool != NULL;
             pool = pool->next) {
            is_there |= pool == heap->purge_next;
        }
    }
    CN_ASSERT(is_there, "H7: purge_next is on partial of the class before purge_left");
}

void cn_heap_check(struct cairn_heap *heap) {
    size_t idle_bytes = 0;
    size_t slots = 0;
    size_t empty_slots = 0;
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
        const struct cn_bin *bin = &heap->bins[i];
        check_magazine(heap, i);
        idle_bytes += check_list(heap, &bin->partial, &slots, &empty_slots);
        CN_ASSERT(check_list(heap, &bin->full, &slots, &empty_slots) == 0, "H1: a pool on full has held = blocks");
    }
    for (const struct cn_pool *span = heap->spans.first; span != NULL; span = span->next) {
        CN_ASSERT(cn_pool_heap(span) == heap && cn_pool_class(span) == CN_CLASS_SPAN,
                  "H4: spans of a named heap are on its list");
        slots += cn_pool_slots(span);
    }
    CN_ASSERT(idle_bytes == heap->idle_bytes, "H2: idle_bytes is the sum over pools of (blocks - held) * block_bytes");
    CN_ASSERT(slots == atomic_load_explicit(&heap->slots_held, memory_order_relaxed),
              "H3: slots_held is the sum of the slots of the heap's pools and spans");
    CN_ASSERT(empty_slots == heap->empty_slots, "H5: empty_slots is the sum of the slots of pools with held = 0");
    CN_ASSERT(heap->purged_at_idle_bytes <= heap->idle_bytes, "H6: purged_at_idle_bytes <= idle_bytes");
    check_pass(heap);
}
