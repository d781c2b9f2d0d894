#include "heap.h"

#include <string.h>

#include "arena.h"
#include "panic.h"
#include "purge.h"
#include "text.h"

enum {
    /* Pools are searched for empty pages beyond CN_SEARCH_MIN_BYTES, or this share of what is in use, if that is
     * more. */
    SEARCH_SHARE = 2,
    /* Empty pools are kept up to so many slots, or this share of what is held, if that is more. */
    SPARE_MIN_SLOTS = CN_SPARE_MIN_BYTES / CN_SLOT_BYTES,
    SPARE_SHARE = 8,
    /* A heap of which no more is in use than this share of what is idle has small magazines, until it needs blocks
     * again: each block in them keeps a page, or a pool, from going back. */
    IDLE_SHARE = 8,
    IDLE_MAGAZINE_BLOCKS = 32
};

/* ---- pools --------------------------------------------------------------------------------------------------- */

static size_t held_bytes(const struct cairn_heap *heap) {
    return atomic_load_explicit(&heap->slots_held, memory_order_relaxed) * CN_SLOT_BYTES +
           atomic_load_explicit(&heap->guarded_bytes, memory_order_relaxed);
}

static void raise_peak(struct cairn_heap *heap) {
    size_t held = held_bytes(heap);
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
    size_t held = held_bytes(heap);
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

static void lower_idle(struct cairn_heap *heap, size_t bytes) {
    heap->idle_bytes -= bytes;
    heap->purged_at_idle_bytes = cn_min(heap->purged_at_idle_bytes, heap->idle_bytes);
}

static struct cn_pool *add_pool(struct cairn_heap *heap, unsigned class_index) {
    const struct cn_class *class = cn_class_at(class_index);
    if (!cn_heap_allows_pool(heap)) {
        return NULL;
    }
    cn_heap_drain_abandoned();
    size_t slot = cn_arena_take(class->pool_slots, 1);
    if (slot == SIZE_MAX) {
        return NULL;
    }
    struct cn_pool *pool = cn_pool_make(slot, class_index, heap, cn_owner_of(heap, class_index));
    cn_pool_link(&heap->bins[class_index].partial, pool);
    cn_heap_count_slots(heap, cn_pool_slots(pool), 0);
    heap->idle_bytes += (size_t)pool->blocks * class->block_bytes;
    heap->empty_slots += cn_pool_slots(pool);
    return pool;
}

/* The pool is on no list; no block of it is live or cached. */
static void give_pool(struct cairn_heap *heap, struct cn_pool *pool) {
    size_t slots = cn_pool_slots(pool);
    cn_pool_unmake(pool);
    cn_heap_count_slots(heap, 0, slots);
    cn_purge_give(cn_pool_slot(pool), slots);
}

static void remove_empty_pool(struct cairn_heap *heap, struct cn_pool *pool) {
    cn_pool_unlink(&heap->bins[cn_pool_class(pool)].partial, pool);
    size_t bytes = (size_t)pool->blocks * cn_class_at(cn_pool_class(pool))->block_bytes;
    heap->purged_at_idle_bytes -= cn_min(heap->purged_at_idle_bytes, bytes); /* most of it was idle then, too */
    lower_idle(heap, bytes);
    heap->empty_slots -= cn_pool_slots(pool);
    give_pool(heap, pool);
}

static bool has_spare_to_give(const struct cairn_heap *heap) {
    size_t held = atomic_load_explicit(&heap->slots_held, memory_order_relaxed);
    return heap->empty_slots > cn_max(SPARE_MIN_SLOTS, held / SPARE_SHARE);
}

/* `count` blocks that start in the slot, in the words `worth` of its bitmap, neither live nor cached any more, become
 * idle. A pool that is empty then is kept as a spare or given back. */
static void make_idle(struct cairn_heap *heap, size_t slot, uint64_t worth, uint32_t count) {
    struct cn_pool *pool = cn_pool_of_slot(slot);
    bool was_full = pool->held == pool->blocks;
    cn_pool_drop(pool, slot, worth, count);
    heap->idle_bytes += (size_t)count * cn_class_at(cn_pool_class(pool))->block_bytes;
    if (CN_UNLIKELY(was_full)) {
        cn_pool_unlink(&heap->bins[cn_pool_class(pool)].full, pool);
        cn_pool_link(&heap->bins[cn_pool_class(pool)].partial, pool);
    }
    if (CN_UNLIKELY(pool->held == 0)) {
        heap->empty_slots += cn_pool_slots(pool);
        if (has_spare_to_give(heap)) {
            remove_empty_pool(heap, pool);
        }
    }
}

/* ---- frees by other threads ---------------------------------------------------------------------------------- */

/* Two threads freed the block at the same instant, so that neither saw the other. */
static CN_COLD CN_NORETURN void report_double_free(size_t granule) {
    struct cn_text text;
    cn_panic_start(&text, "double-free");
    cn_text_put(&text, "free of ");
    cn_text_put_hex(&text, (uintptr_t)cn_region.base + granule * CN_GRANULE_BYTES);
    cn_text_put(&text, ", which is already free: two threads freed it at the same time");
    cn_panic_stop(&text);
}

static void take_freed(struct cairn_heap *heap, size_t word, uint64_t bits) {
    uint64_t live = atomic_load_explicit(&cn_region.live[word], memory_order_relaxed);
    if ((bits & ~live) != 0) {
        report_double_free((word << CN_WORD_SHIFT) + cn_ctz(bits & ~live));
    }
    atomic_store_explicit(&cn_region.live[word], live & ~bits, memory_order_relaxed);
    make_idle(heap, word / CN_SLOT_WORDS, (uint64_t)1 << word % CN_SLOT_WORDS, cn_popcount(bits));
}

void cn_heap_drain(struct cairn_heap *heap) {
    if (atomic_load_explicit(&heap->remote.first, memory_order_relaxed) != NULL) {
        cn_remote_drain(&heap->remote, take_freed, heap);
    }
}

/* ---- blocks -------------------------------------------------------------------------------------------------- */

static size_t take_from_pool(struct cairn_heap *heap, struct cn_pool *pool, void **end, size_t count) {
    struct cn_bin *bin = &heap->bins[cn_pool_class(pool)];
    heap->empty_slots -= pool->held == 0 ? cn_pool_slots(pool) : 0;
    size_t taken = cn_pool_take(pool, end, count);
    lower_idle(heap, taken * cn_class_at(cn_pool_class(pool))->block_bytes);
    if (pool->held == pool->blocks) {
        cn_pool_unlink(&bin->partial, pool);
        cn_pool_link(&bin->full, pool);
    }
    return taken;
}

/* Up to `count` blocks of the class, as cn_pool_take; a pool is added only where there would be none. */
static size_t take_blocks(struct cairn_heap *heap, unsigned class_index, void **end, size_t count) {
    struct cn_pool_list *partial = &heap->bins[class_index].partial;
    size_t taken = 0;
    while (taken < count) {
        struct cn_pool *pool = partial->first;
        if (pool == NULL && taken == 0) {
            pool = add_pool(heap, class_index);
        }
        if (pool == NULL) {
            break;
        }
        size_t more = take_from_pool(heap, pool, end - taken, count - taken);
        CN_ASSERT(more > 0, "P4: a pool on partial has a block to take");
        taken += more;
    }
    return taken;
}

/* Magazines that hold nothing at all stay so (magazine.h). */
static void limit_magazine(struct cairn_heap *heap, unsigned class_index, size_t blocks) {
    struct cn_magazine *magazine = &heap->magazines[class_index];
    void **bottom = cn_heap_bottom(heap, class_index);
    if (magazine->ceiling != bottom) {
        magazine->ceiling = bottom + cn_min(blocks, cn_class_at(class_index)->magazine_blocks);
    }
}

static void *refill(struct cairn_heap *heap, unsigned class_index) {
    struct cn_magazine *magazine = &heap->magazines[class_index];
    cn_heap_drain(heap);
    limit_magazine(heap, class_index, SIZE_MAX);
    size_t wanted = cn_max((size_t)(magazine->ceiling - magazine->top) / 2, 1);
    void **first = magazine->top + 1;
    size_t taken = take_blocks(heap, class_index, first + wanted, wanted);
    if (taken == 0) {
        return NULL;
    }
    if (taken < wanted) {
        memmove(first, first + wanted - taken, taken * sizeof *first);
    }
    magazine->top += taken - 1;
    return magazine->top[1];
}

void *cn_heap_take(struct cairn_heap *heap, unsigned class_index) {
    void *block = cn_magazine_pop(&heap->magazines[class_index]);
    if (block == NULL) {
        block = refill(heap, class_index);
    }
    if (block != NULL) {
        cn_live_set(cn_granule_of(block));
    }
    return block;
}

static size_t slot_of(const void *block) { return cn_slot_of_granule(cn_granule_of(block)); }

/* Blocks next to each other in a magazine often come from one slot, and are made idle together then. */
static void drop(struct cairn_heap *heap, void *const *blocks, size_t count) {
    void *const *end = blocks + count;
    while (blocks < end) {
        void *const *first = blocks;
        uint64_t worth = 0;
        do {
            worth |= (uint64_t)1 << ((uintptr_t)*blocks >> (CN_GRANULE_SHIFT + CN_WORD_SHIFT)) % CN_SLOT_WORDS;
            blocks++;
        } while (blocks < end && ((uintptr_t)*blocks ^ (uintptr_t)*first) >> CN_SLOT_SHIFT == 0);
        make_idle(heap, slot_of(*first), worth, (uint32_t)(blocks - first));
    }
}

/* Drops the `count` blocks of the magazine that have waited longest. */
static void drop_oldest(struct cairn_heap *heap, unsigned class_index, size_t count) {
    struct cn_magazine *magazine = &heap->magazines[class_index];
    void **first = cn_heap_bottom(heap, class_index) + 1;
    size_t left = (size_t)(magazine->top + 1 - first) - count;
    drop(heap, first, count);
    memmove(first, first + count, left * sizeof *first);
    magazine->top -= count;
}

static size_t purge_pools(struct cairn_heap *heap) {
    size_t purged = 0;
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
        for (struct cn_pool *pool = heap->bins[i].partial.first; pool != NULL; pool = pool->next) {
            purged += cn_pool_purge(pool);
        }
    }
    heap->purged_at_idle_bytes = heap->idle_bytes;
    return purged;
}

/* Blocks that are cached do not matter to a purge, but their pages would count as clean: so they are dropped first. */
static void drop_all(struct cairn_heap *heap) {
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
        drop_oldest(heap, i, (size_t)(heap->magazines[i].top - cn_heap_bottom(heap, i)));
    }
}

static void purge_excess(struct cairn_heap *heap) {
    size_t in_use = held_bytes(heap) - cn_min(heap->idle_bytes, held_bytes(heap));
    if (heap->idle_bytes - heap->purged_at_idle_bytes > cn_max(CN_SEARCH_MIN_BYTES, in_use / SEARCH_SHARE)) {
        drop_all(heap);
        (void)purge_pools(heap);
        if (in_use <= heap->idle_bytes / IDLE_SHARE) {
            for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
                limit_magazine(heap, i, IDLE_MAGAZINE_BLOCKS);
            }
        }
    }
}

void cn_heap_give(struct cairn_heap *heap, size_t granule) {
    size_t slot = cn_slot_of_granule(granule);
    uintptr_t owner = atomic_load_explicit(&cn_region.owner[slot], memory_order_relaxed);
    unsigned class_index = cn_class_of_owner(owner);
    void *block = cn_region.base + granule * CN_GRANULE_BYTES;
    cn_live_clear(granule);
    if (cn_magazine_push(&heap->magazines[class_index], block)) {
        return;
    }
    cn_heap_drain(heap);
    size_t cached = (size_t)(heap->magazines[class_index].top - cn_heap_bottom(heap, class_index));
    drop_oldest(heap, class_index, (cached + 1) / 2);
    if (!cn_magazine_push(&heap->magazines[class_index], block)) {
        drop(heap, &block, 1);
    }
    purge_excess(heap);
}

/* ---- giving memory back -------------------------------------------------------------------------------------- */

static void remove_empty_pools(struct cairn_heap *heap) {
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
        struct cn_pool *next;
        for (struct cn_pool *pool = heap->bins[i].partial.first; pool != NULL; pool = next) {
            next = pool->next;
            if (pool->held == 0) {
                remove_empty_pool(heap, pool);
            }
        }
    }
}

size_t cn_heap_trim(struct cairn_heap *heap) {
    cn_heap_drain(heap);
    drop_all(heap);
    remove_empty_pools(heap);
    return purge_pools(heap);
}

static void clear_pool(struct cairn_heap *heap, struct cn_pool *pool) {
    size_t first = cn_pool_slot(pool) * CN_SLOT_WORDS;
    for (size_t word = first; word < first + cn_pool_slots(pool) * CN_SLOT_WORDS; word++) {
        atomic_store_explicit(&cn_region.live[word], 0, memory_order_relaxed);
    }
    give_pool(heap, pool);
}

static void clear_list(struct cairn_heap *heap, struct cn_pool_list *list) {
    struct cn_pool *next;
    for (struct cn_pool *pool = list->first; pool != NULL; pool = next) {
        next = pool->next;
        clear_pool(heap, pool);
    }
    list->first = NULL;
}

void cn_heap_clear_pools(struct cairn_heap *heap) {
    cn_heap_drain(heap);
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
        heap->magazines[i].top = cn_heap_bottom(heap, i);
        clear_list(heap, &heap->bins[i].partial);
        clear_list(heap, &heap->bins[i].full);
    }
    heap->idle_bytes = 0;
    heap->empty_slots = 0;
    heap->purged_at_idle_bytes = 0;
}

/* ---- after a fork -------------------------------------------------------------------------------------------- */

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

void cn_heap_rebuild(struct cairn_heap *heap) {
    size_t slots = atomic_load_explicit(&cn_region.arena_count, memory_order_acquire) * CN_ARENA_SLOTS;
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
        heap->magazines[i].top = cn_heap_bottom(heap, i);
        heap->bins[i].partial.first = NULL;
        heap->bins[i].full.first = NULL;
    }
    heap->spans.first = NULL;
    heap->idle_bytes = 0;
    heap->empty_slots = 0;
    heap->purged_at_idle_bytes = 0;
    atomic_store_explicit(&heap->slots_held, 0, memory_order_relaxed);
    for (size_t slot = 0; slot < slots; slot++) {
        adopt_slot(heap, slot);
    }
    cn_heap_drain(heap);
}
