/*
 * heap_rebuild.c: a heap whose thread is not there after a fork, or was in the middle of something: its lists and counts
 * are derived anew.
 */
#include "heap.h"

static void adopt_pool(struct cairn_heap *heap, struct cn_pool *pool) {
    struct cn_bin *bin = &heap->bins[cn_pool_class(pool)];
    cn_pool_rebuild(pool, cn_owner_of(heap, cn_pool_class(pool)));
    cn_pool_link(pool->held == pool->blocks ? &bin->full : &bin->partial, pool);
    heap->empty_slots += pool->held == 0 ? cn_pool_slots(pool) : 0;
    heap->idle_bytes += (size_t)(pool->blocks - pool->held) * cn_class_at(cn_pool_class(pool))->block_bytes;
    cn_heap_count_slots(heap, cn_pool_slots(pool), 0);
}

static void adopt_slot(struct cairn_heap *heap, size_t slot) {
    uintptr_t owner = atomic_load_explicit(&cn_region.owner[slot], memory_order_relaxed);
    struct cn_pool *entry = &cn_region.pools[slot];
    if (owner == CN_OWNER_SPAN) {
        if (cn_pool_heap(entry) == heap && cn_live_test(slot * CN_SLOT_GRANULES)) {
            cn_pool_link(&heap->spans, entry);
            cn_heap_count_slots(heap, cn_pool_slots(entry), 0);
        }
    } else if (cn_heap_owns(heap, owner & ~CN_OWNER_PENDING) && cn_pool_back(entry) == 0) {
        adopt_pool(heap, entry);
    }
}

void cn_heap_forget_pools(struct cairn_heap *heap) {
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
        heap->magazines[i].top = cn_heap_bottom(heap, i);
        heap->bins[i].partial.first = NULL;
        heap->bins[i].full.first = NULL;
    }
    heap->idle_bytes = 0;
    heap->empty_slots = 0;
    heap->purged_at_idle_bytes = 0;
    heap->breath_bytes = 0;
    heap->purge_next = NULL;
    heap->purge_left = 0;
}

void cn_heap_rebuild(struct cairn_heap *heap) {
    size_t slots = atomic_load_explicit(&cn_region.arena_count, memory_order_acquire) * CN_ARENA_SLOTS;
    cn_heap_forget_pools(heap);
    heap->spans.first = NULL;
    atomic_store_explicit(&heap->slots_held, 0, memory_order_relaxed);
    for (size_t slot = 0; slot < slots; slot++) {
        adopt_slot(heap, slot);
    }
    cn_heap_drain(heap);
}
