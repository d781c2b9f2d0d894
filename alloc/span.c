#include "span.h"

#include <string.h>

#include "arena.h"
#include "heap.h"
#include "purge.h"

static struct cn_pool *span_at(size_t slot) { return &cn_region.pools[slot]; }

void *cn_span_malloc(struct cairn_heap *heap, size_t bytes, size_t alignment, enum cn_fill fill) {
    size_t slots = cn_span_slots_of(bytes);
    size_t slot = cn_arena_take(slots, cn_max(alignment >> CN_SLOT_SHIFT, 1));
    if (slot == SIZE_MAX) {
        return NULL;
    }
    if (fill == CN_FILL_ZERO) {
        cn_arena_clear(slot, slots);
    }
    struct cn_pool *span = span_at(slot);
    atomic_store_explicit(&span->heap, heap, memory_order_relaxed);
    atomic_store_explicit(&span->slots, slots, memory_order_relaxed);
    atomic_store_explicit(&span->class_index, CN_CLASS_SPAN, memory_order_relaxed);
    atomic_store_explicit(&span->back, 0, memory_order_relaxed);
    span->moved_slots = 0;
    if (heap != NULL) {
        cn_pool_link(&heap->spans, span);
        cn_heap_count_slots(heap, slots, 0);
    }
    atomic_store_explicit(&cn_region.owner[slot], CN_OWNER_SPAN, memory_order_release); /* acquire in walk.c */
    atomic_store_explicit(&cn_region.live[slot * CN_SLOT_WORDS], 1, memory_order_release);
    return cn_slot_address(slot);
}

/* Gives slots of the span back: all of it, or its end. */
static void give(const struct cn_pool *span, size_t first, size_t slots) {
    if (span->moved_slots != 0) { /* so that the mapping is one with its neighbours again */
        (void)cn_os_renew(cn_slot_address(first), slots << CN_SLOT_SHIFT);
    }
    atomic_store_explicit(&cn_region.owner[first], 0, memory_order_relaxed);
    cn_purge_give(first, slots);
}

bool cn_span_free(size_t slot) {
    struct cn_pool *span = span_at(slot);
    size_t slots = cn_pool_slots(span);
    if (atomic_exchange_explicit(&cn_region.live[slot * CN_SLOT_WORDS], 0, memory_order_acq_rel) == 0) {
        return false;
    }
    if (cn_pool_heap(span) != NULL) {
        cn_pool_unlink(&cn_pool_heap(span)->spans, span);
        cn_heap_count_slots(cn_pool_heap(span), 0, slots);
    }
    give(span, slot, slots);
    return true;
}

static bool grow(struct cn_pool *span, size_t more) {
    if (cn_pool_heap(span) != NULL && !cn_heap_allows_span(cn_pool_heap(span), more)) {
        return false;
    }
    return cn_arena_extend(cn_pool_slot(span), cn_pool_slots(span), more);
}

bool cn_span_resize(size_t slot, size_t bytes) {
    struct cn_pool *span = span_at(slot);
    size_t old_slots = cn_pool_slots(span);
    size_t new_slots = cn_span_slots_of(bytes);
    if (new_slots > old_slots && !grow(span, new_slots - old_slots)) {
        return false;
    }
    atomic_store_explicit(&span->slots, new_slots, memory_order_relaxed);
    if (new_slots < old_slots) {
        span->moved_slots = cn_min(span->moved_slots, new_slots);
        give(span, slot + new_slots, old_slots - new_slots);
    }
    if (cn_pool_heap(span) != NULL) {
        cn_heap_count_slots(cn_pool_heap(span), new_slots, old_slots);
    }
    return true;
}

void cn_span_lose(size_t slot) {
    struct cn_pool *span = span_at(slot);
    struct cairn_heap *heap = cn_pool_heap(span);
    if (heap != NULL) {
        cn_lock_take(&heap->lock);
        cn_pool_unlink(&heap->spans, span);
        cn_heap_count_slots(heap, 0, cn_pool_slots(span));
    }
    atomic_store_explicit(&cn_region.live[slot * CN_SLOT_WORDS], 0, memory_order_relaxed);
    atomic_store_explicit(&cn_region.owner[slot], 0, memory_order_release);
    if (heap != NULL) {
        cn_lock_give(&heap->lock);
    }
}

/* Pages that came together are one mapping, which the system moves at once, and which then takes up all of the target:
 * what has grown behind them since is copied into it. So a block that moves again and again stays one mapping. */
static enum cn_move move_pages(const struct cn_pool *from, size_t bytes, const struct cn_pool *to) {
    size_t at_once = from->moved_slots != 0 ? cn_min(bytes, from->moved_slots << CN_SLOT_SHIFT) : bytes;
    char *source = cn_pool_address(from);
    char *target = cn_pool_address(to);
    if (at_once < CN_MOVE_MIN_BYTES) {
        return CN_MOVE_REFUSED;
    }
    enum cn_move outcome = cn_os_move(source, at_once, target, cn_span_bytes(to));
    if (outcome == CN_MOVE_DONE) {
        memcpy(target + at_once, source + at_once, bytes - at_once);
    }
    return outcome;
}

bool cn_span_move(size_t from, size_t to) {
    size_t bytes = cn_min(cn_span_bytes(span_at(from)), cn_span_bytes(span_at(to)));
    enum cn_move outcome = move_pages(span_at(from), bytes, span_at(to));
    if (outcome == CN_MOVE_DONE) {
        span_at(to)->moved_slots = cn_pool_slots(span_at(to));
    }
    if (outcome == CN_MOVE_REFUSED) {
        memcpy(cn_slot_address(to), cn_slot_address(from), bytes);
    }
    if (outcome == CN_MOVE_LOST) {
        cn_span_lose(to);
    }
    return outcome != CN_MOVE_LOST;
}

size_t cn_span_find(size_t slot) {
    for (size_t first = slot; cn_arena_has_taken(first); first--) {
        uintptr_t owner = atomic_load_explicit(&cn_region.owner[first], memory_order_relaxed);
        if (owner == CN_OWNER_SPAN && slot - first < span_at(first)->slots) {
            return first;
        }
        if (owner != 0 || first == 0) {
            break;
        }
    }
    return SIZE_MAX;
}
