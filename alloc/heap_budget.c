/*
 * heap_budget.c: what a heap holds, and how much it may.
 */
#include "heap.h"

size_t cn_heap_held_bytes(const struct cairn_heap *heap) {
    return atomic_load_explicit(&heap->slots_held, memory_order_relaxed) * CN_SLOT_BYTES +
           atomic_load_explicit(&heap->guarded_bytes, memory_order_relaxed);
}

static void raise_peak(struct cairn_heap *heap) {
    size_t held = cn_heap_held_bytes(heap);
    if (held > atomic_load_explicit(&heap->peak_held_bytes, memory_order_relaxed)) {
        atomic_store_explicit(&heap->peak_held_bytes, held, memory_order_relaxed);
    }
}

void cn_heap_count_slots(struct cairn_heap *heap, size_t taken, size_t given) {
    size_t held = atomic_load_explicit(&heap->slots_held, memory_order_relaxed) + taken - given;
    atomic_store_explicit(&heap->slots_held, held, memory_order_relaxed);
    raise_peak(heap);
}

static bool allows(const struct cairn_heap *heap, size_t bytes) {
    size_t held = cn_heap_held_bytes(heap);
    return heap->budget_bytes == 0 || (held <= heap->budget_bytes && bytes <= heap->budget_bytes - held);
}

bool cn_heap_allows_pool(const struct cairn_heap *heap) { return allows(heap, 1); }

bool cn_heap_allows_span(const struct cairn_heap *heap, size_t slots) {
    return slots <= SIZE_MAX / CN_SLOT_BYTES && allows(heap, slots * CN_SLOT_BYTES);
}

static void count_guarded(struct cairn_heap *heap, size_t taken, size_t given) {
    size_t bytes = atomic_load_explicit(&heap->guarded_bytes, memory_order_relaxed) + taken - given;
    atomic_store_explicit(&heap->guarded_bytes, bytes, memory_order_relaxed);
    raise_peak(heap);
}

bool cn_heap_take_guarded(struct cairn_heap *heap, size_t bytes) {
    cn_lock_take(&heap->lock);
    bool is_allowed = allows(heap, bytes);
    count_guarded(heap, is_allowed ? bytes : 0, 0);
    cn_lock_give(&heap->lock);
    return is_allowed;
}

void cn_heap_give_guarded(struct cairn_heap *heap, size_t bytes) {
    cn_lock_take(&heap->lock);
    count_guarded(heap, 0, bytes);
    cn_lock_give(&heap->lock);
}
