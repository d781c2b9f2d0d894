#include <string.h>

#include "arena.h"
#include "cairn.h"
#include "counts.h"
#include "hooks.h"
#include "process.h"
#include "requested.h"
#include "walk.h"

/* The program's blocks that start in the bitmap word. */
static uint64_t live_word(size_t word) {
    uint64_t live = cn_walk_live_word(word);
    if (!CAIRN_DEBUG) {
        return live;
    }
    for (uint64_t left = live; left != 0; left &= left - 1) {
        size_t granule = (word << CN_WORD_SHIFT) + cn_ctz(left);
        if (!cn_debug_is_live(NULL, cn_region.base + granule * CN_GRANULE_BYTES)) {
            live &= ~(left & -left);
        }
    }
    return live;
}

static bool counts_requests(void) { return CAIRN_DEBUG || cn_requested_is_on(); }

static uint64_t requested_of(size_t granule, size_t bytes) {
    return CAIRN_DEBUG ? cn_debug_requested(cn_region.base + granule * CN_GRANULE_BYTES)
                       : cn_requested_of(granule, bytes);
}

/* Live blocks of the place, and what was asked for of them. */
static void add_blocks(const struct cn_walk_place *place, struct cairn_stats *stats, struct cairn_class_stats *class) {
    size_t first = place->slot * CN_SLOT_WORDS;
    for (size_t word = first; word < first + place->slots * CN_SLOT_WORDS; word++) {
        uint64_t live = live_word(word);
        class->used_blocks += cn_popcount(live);
        for (; live != 0 && counts_requests(); live &= live - 1) {
            stats->requested_bytes += requested_of((word << CN_WORD_SHIFT) + cn_ctz(live), class->block_bytes);
        }
    }
}

static void add_pool(const struct cn_walk_place *place, struct cairn_stats *stats) {
    const struct cn_class *class = cn_class_at(place->class_index);
    struct cairn_class_stats *of_class = &stats->classes[place->class_index];
    uint64_t used_before = of_class->used_blocks;
    of_class->pools++;
    add_blocks(place, stats, of_class);
    uint64_t used = of_class->used_blocks - used_before;
    of_class->free_blocks += class->pool_blocks - used;
    stats->block_count += used;
    stats->block_bytes += used * class->block_bytes;
    stats->free_bytes += (class->pool_blocks - used) * class->block_bytes;
    stats->slack_bytes += place->slots * CN_SLOT_BYTES - (size_t) class->pool_blocks * class->block_bytes;
    stats->pool_bytes += place->slots * CN_SLOT_BYTES;
}

static void add_span(const struct cn_walk_place *place, struct cairn_stats *stats) {
    size_t bytes = place->slots * CN_SLOT_BYTES;
    size_t granule = place->slot * CN_SLOT_GRANULES;
    if ((live_word(granule >> CN_WORD_SHIFT) & 1) != 0) {
        stats->block_count++;
        stats->block_bytes += bytes;
        stats->span_bytes += bytes;
        stats->requested_bytes += counts_requests() ? requested_of(granule, bytes) : 0;
    }
}

static void add_places(const struct cairn_heap *heap, struct cairn_stats *stats) {
    struct cn_walk_place place;
    memset(stats, 0, sizeof *stats);
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
        stats->classes[i].block_bytes = cn_class_at(i)->block_bytes;
    }
    for (size_t slot = 0; cn_walk_next(slot, &place); slot = cn_walk_after(&place)) {
        if (heap != NULL && place.heap != heap) {
            continue;
        }
        if (place.class_index == CN_CLASS_SPAN) {
            add_span(&place, stats);
        } else {
            add_pool(&place, stats);
        }
    }
    if (!counts_requests()) {
        stats->requested_bytes = UINT64_MAX;
    }
}

struct outside {
    const struct cairn_heap *heap; /* NULL: all */
    struct cairn_stats *stats;
};

static bool add_outside(void *block, size_t bytes, void *argument) {
    const struct outside *outside = argument;
    struct cairn_stats *stats = outside->stats;
    size_t before = (uintptr_t)block % cn_os_page_bytes(); /* on its first page */
    size_t page_bytes = cn_round_up(before + bytes, cn_os_page_bytes());
    if (CAIRN_DEBUG && !cn_debug_is_live(outside->heap, block)) {
        return true;
    }
    stats->block_count++;
    stats->block_bytes += bytes;
    stats->span_bytes += bytes;
    if (outside->heap == NULL) {
        stats->arena_bytes += page_bytes;
        stats->resident_bytes += cn_os_resident_bytes((char *)block - before, page_bytes);
    }
    stats->requested_bytes += counts_requests() ? (CAIRN_DEBUG ? cn_debug_requested(block) : bytes) : 0;
    return true;
}

static void add_heaps(struct cairn_stats *stats) {
    for (size_t i = 0; i < cn_heap_count(); i++) {
        if (cn_heap_state(cn_heap_at(i)) != CN_HEAP_UNUSED) {
            stats->heap_count += cn_heap_state(cn_heap_at(i)) != CN_HEAP_VACANT ? 1 : 0;
            stats->metadata_bytes += cn_os_resident_bytes(cn_heap_at(i), CN_HEAP_BYTES);
        }
    }
}

void cairn_stats_get(struct cairn_stats *stats) {
    cn_process_start();
    add_places(NULL, stats);
    stats->arena_bytes = cn_count_of(&cn_counts.committed_arenas) * CN_ARENA_BYTES;
    stats->resident_bytes = cn_arena_resident_bytes();
    stats->purged_bytes = cn_count_of(&cn_counts.purged_bytes);
    stats->peak_used_bytes = cn_count_of(&cn_counts.peak_used_bytes);
    stats->peak_arena_bytes = cn_count_of(&cn_counts.peak_arena_bytes);
    stats->metadata_bytes = cn_region_table_bytes();
    add_heaps(stats);
    (void)cn_walk_outside(add_outside, &(struct outside){NULL, stats});
}

void cairn_heap_stats_get(struct cairn_heap *heap, struct cairn_stats *stats) {
    (void)cairn_heap_name(heap); /* reports what is no named heap */
    cn_lock_take(&heap->lock);
    add_places(heap, stats);
    if (CAIRN_DEBUG) { /* else no block of a named heap lies outside of the region */
        (void)cn_walk_outside(add_outside, &(struct outside){heap, stats});
    }
    stats->peak_used_bytes = atomic_load_explicit(&heap->peak_held_bytes, memory_order_relaxed);
    stats->heap_count = 1;
    stats->budget_bytes = heap->budget_bytes;
    cn_lock_give(&heap->lock);
}
