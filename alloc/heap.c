#include "heap.h"

#include <string.h>

#include "arena.h"
#include "panic.h"
#include "purge.h"
#include "text.h"

enum {
    /* Pools are searched for empty pages when cn_heap_search.bytes have become idle, or this share of what is in use, if
     * that is more. */
    SEARCH_SHARE = 2,
    SPARSE_SHARE = 256, /* or this share of what is idle, where little is in use */
    /* Empty pools are kept up to so many slots, or this share of what is in use, if that is more. */
    SPARE_MIN_SLOTS = CN_SPARE_MIN_BYTES / CN_SLOT_BYTES,
    SPARE_SHARE = 8,
    /* A heap of which no more is in use than this share of what is idle has small magazines, until it needs blocks
     * again: each block in them keeps a page, or a pool, from going back. */
    IDLE_SHARE = 8,
    IDLE_MAGAZINE_BLOCKS = 32
};

struct cn_heap_search cn_heap_search = {.bytes = CN_SEARCH_MIN_BYTES, .pace = 3};

/* ---- pools --------------------------------------------------------------------------------------------------- */

static size_t in_use_bytes(const struct cairn_heap *heap) {
    size_t held = cn_heap_held_bytes(heap);
    return held - cn_min(heap->idle_bytes, held);
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

/* H7. */
static void unlink_partial(struct cairn_heap *heap, struct cn_pool *pool) {
    heap->purge_next = heap->purge_next == pool ? pool->next : heap->purge_next;
    cn_pool_unlink(&heap->bins[cn_pool_class(pool)].partial, pool);
}

static void remove_empty_pool(struct cairn_heap *heap, struct cn_pool *pool) {
    unlink_partial(heap, pool);
    size_t bytes = (size_t)pool->blocks * cn_class_at(cn_pool_class(pool))->block_bytes;
    heap->purged_at_idle_bytes -= cn_min(heap->purged_at_idle_bytes, bytes); /* most of it was idle then, too */
    lower_idle(heap, bytes);
    heap->empty_slots -= cn_pool_slots(pool);
    give_pool(heap, pool);
}

static bool has_spare_to_give(const struct cairn_heap *heap) {
    size_t least = cn_heap_share(SPARE_MIN_SLOTS);
    return heap->empty_slots > cn_max(least, in_use_bytes(heap) / CN_SLOT_BYTES / SPARE_SHARE);
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

/* ---- between pools and magazines ------------------------------------------------------------------------------ */

static size_t take_from_pool(struct cairn_heap *heap, struct cn_pool *pool, void **end, size_t count) {
    heap->empty_slots -= pool->held == 0 ? cn_pool_slots(pool) : 0;
    size_t taken = cn_pool_take(pool, end, count, &heap->breath_bytes);
    lower_idle(heap, taken * cn_class_at(cn_pool_class(pool))->block_bytes);
    if (pool->held == pool->blocks) {
        unlink_partial(heap, pool);
        cn_pool_link(&heap->bins[cn_pool_class(pool)].full, pool);
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

static void drop_class(struct cairn_heap *heap, unsigned class_index) {
    drop_oldest(heap, class_index, (size_t)(heap->magazines[class_index].top - cn_heap_bottom(heap, class_index)));
}

/* ---- purging within pools ------------------------------------------------------------------------------------ */

static bool is_nearly_empty(const struct cairn_heap *heap) {
    return in_use_bytes(heap) <= heap->idle_bytes / IDLE_SHARE;
}

/* The pass comes to the class before `purge_left`. */
static void begin_class(struct cairn_heap *heap) {
    unsigned class_index = heap->purge_left - 1;
    drop_class(heap, class_index);
    if (is_nearly_empty(heap)) {
        limit_magazine(heap, class_index, IDLE_MAGAZINE_BLOCKS);
    }
    heap->purge_next = heap->bins[class_index].partial.first;
}

static void begin_pass(struct cairn_heap *heap) {
    heap->purged_at_idle_bytes = heap->idle_bytes;
    heap->purge_left = CN_CLASS_COUNT;
    begin_class(heap);
}

/* Up to `slots` slots of the class that the pass is at; returns how many. */
static size_t purge_class(struct cairn_heap *heap, size_t slots, size_t *purged_bytes) {
    size_t bytes = 0;
    size_t done = 0;
    while (heap->purge_next != NULL && done < slots) {
        struct cn_pool *pool = heap->purge_next;
        heap->purge_next = pool->next;
        done += cn_pool_slots(pool);
        if (pool->held == 0 && has_spare_to_give(heap)) {
            remove_empty_pool(heap, pool);
        } else {
            bytes += cn_pool_purge(pool);
        }
    }
    void **bottom = cn_heap_bottom(heap, heap->purge_left - 1);
    for (void **entry = heap->magazines[heap->purge_left - 1].top; bytes != 0 && entry != bottom; entry--) {
        cn_pool_unmark_clean(*entry);
    }
    *purged_bytes += bytes;
    return done;
}

/* Goes on with the pass by so much: by slots, and by classes, which count as one each. Returns the bytes. */
static size_t go_on(struct cairn_heap *heap, size_t steps) {
    size_t purged_bytes = 0;
    while (heap->purge_left != 0 && steps != 0) {
        steps -= cn_min(steps, 1 + purge_class(heap, steps, &purged_bytes));
        if (heap->purge_next == NULL && --heap->purge_left != 0) {
            begin_class(heap);
        }
    }
    return purged_bytes;
}

/* Halves it each second. */
static size_t breath_bytes(struct cairn_heap *heap) {
    uint64_t now = heap->breath_bytes != 0 ? cn_os_milliseconds() : heap->breath_halved_at;
    uint64_t half_lives = (now - heap->breath_halved_at) / CN_BREATH_HALF_LIFE_MS;
    if (half_lives != 0) {
        heap->breath_bytes >>= heap->breath_halved_at == 0 ? 0 : cn_min(half_lives, 63);
        heap->breath_halved_at = now;
    }
    return heap->breath_bytes = cn_min(heap->breath_bytes, cn_heap_held_bytes(heap));
}

/* How much becomes idle from one pass to the next. Where little is left of much, each block may be the last of its
 * page; but a pass goes by all that is idle. */
static size_t pass_due_bytes(struct cairn_heap *heap) {
    size_t due_bytes = cn_max(cn_heap_share(cn_heap_search.bytes), in_use_bytes(heap) / SEARCH_SHARE);
    if (is_nearly_empty(heap) && heap->idle_bytes > cn_heap_search.bytes * IDLE_SHARE) {
        due_bytes = cn_max(due_bytes / IDLE_SHARE, heap->idle_bytes / SPARSE_SHARE);
    }
    return cn_max(due_bytes + breath_bytes(heap), 1);
}

/* `bytes` have become idle. No single call does more of a pass than its share. */
static void purge_excess(struct cairn_heap *heap, size_t bytes) {
    size_t due_bytes = pass_due_bytes(heap);
    if (heap->purge_left == 0 && heap->idle_bytes - heap->purged_at_idle_bytes > due_bytes) {
        begin_pass(heap);
    }
    if (heap->purge_left != 0) {
        size_t steps = CN_CLASS_COUNT + atomic_load_explicit(&heap->slots_held, memory_order_relaxed);
        (void)go_on(heap, 1 + steps * bytes / due_bytes * cn_heap_search.pace);
    }
}

/* ---- blocks -------------------------------------------------------------------------------------------------- */

void cn_heap_take_in(struct cairn_heap *heap) {
    size_t idle_bytes = heap->idle_bytes;
    cn_heap_drain(heap);
    if (heap->idle_bytes > idle_bytes) {
        purge_excess(heap, heap->idle_bytes - idle_bytes);
    }
    cn_purge_excess();
}

void *cn_heap_take(struct cairn_heap *heap, unsigned class_index) {
    void *block = cn_magazine_pop(&heap->magazines[class_index]);
    if (block == NULL) {
        cn_heap_take_in(heap);
        block = refill(heap, class_index);
    }
    if (block != NULL) {
        cn_live_set(cn_granule_of(block));
    }
    return block;
}

/* Makes room in the class's full magazine for the block, or drops it where nothing may be there. Only then may a pass go
 * on, in which each block is live, cached or idle. */
static void overflow(struct cairn_heap *heap, unsigned class_index, void *block) {
    size_t cached = (size_t)(heap->magazines[class_index].top - cn_heap_bottom(heap, class_index));
    size_t dropped = (cached + 1) / 2;
    drop_oldest(heap, class_index, dropped);
    if (!cn_magazine_push(&heap->magazines[class_index], block)) {
        drop(heap, &block, 1);
        dropped++;
    }
    cn_heap_take_in(heap);
    purge_excess(heap, dropped * cn_class_at(class_index)->block_bytes);
}

void cn_heap_give(struct cairn_heap *heap, size_t granule) {
    uintptr_t owner = atomic_load_explicit(&cn_region.owner[cn_slot_of_granule(granule)], memory_order_relaxed);
    unsigned class_index = cn_class_of_owner(owner);
    void *block = cn_region.base + granule * CN_GRANULE_BYTES;
    cn_live_clear(granule);
    if (!cn_magazine_push(&heap->magazines[class_index], block)) {
        overflow(heap, class_index, block);
    }
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
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
        drop_class(heap, i);
    }
    remove_empty_pools(heap);
    begin_pass(heap);
    return go_on(heap, SIZE_MAX);
}

static void clear_pool(struct cairn_heap *heap, struct cn_pool *pool) {
    size_t first = cn_pool_slot(pool) * CN_SLOT_WORDS;
    for (size_t word = first; word < first + cn_pool_slots(pool) * CN_SLOT_WORDS; word++) {
        atomic_store_explicit(&cn_region.live[word], 0, memory_order_relaxed);
    }
    give_pool(heap, pool);
}

static void clear_list(struct cairn_heap *heap, const struct cn_pool_list *list) {
    struct cn_pool *next;
    for (struct cn_pool *pool = list->first; pool != NULL; pool = next) {
        next = pool->next;
        clear_pool(heap, pool);
    }
}

void cn_heap_clear_pools(struct cairn_heap *heap) {
    cn_heap_drain(heap);
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
        clear_list(heap, &heap->bins[i].partial);
        clear_list(heap, &heap->bins[i].full);
    }
    cn_heap_forget_pools(heap);
}
