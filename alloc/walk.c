#include "walk.h"

#include "arena.h"
#include "direct.h"
#include "guard.h"

bool cn_walk_next(size_t slot, struct cn_walk_place *place) {
    size_t end = atomic_load_explicit(&cn_region.arena_count, memory_order_acquire) * CN_ARENA_SLOTS;
    for (; slot < end; slot++) {
        uintptr_t owner = atomic_load_explicit(&cn_region.owner[slot], memory_order_acquire) & ~CN_OWNER_PENDING;
        const struct cn_pool *entry = &cn_region.pools[slot];
        if (owner == CN_OWNER_SPAN) {
            *place = (struct cn_walk_place){slot, cn_pool_slots(entry), owner, CN_CLASS_SPAN, cn_pool_heap(entry)};
            return true;
        }
        if (owner != 0 && cn_pool_back(entry) == 0) { /* else a pool that has come into being as the walk passed it */
            unsigned class_index = cn_class_of_owner(owner);
            size_t slots = cn_class_at(class_index)->pool_slots;
            *place = (struct cn_walk_place){slot, slots, owner, class_index, cn_heap_of_owner(owner)};
            return true;
        }
    }
    return false;
}

static bool is_still(const struct cn_walk_place *place) {
    uintptr_t owner = atomic_load_explicit(&cn_region.owner[place->slot], memory_order_relaxed);
    return (owner & ~CN_OWNER_PENDING) == place->owner;
}

/* A block that `visit` frees may have been the pool's last, so that the pool is looked at anew after each. */
static bool visit_word(const struct cn_walk_place *place, size_t word, cn_walk_fn *visit, void *argument) {
    size_t bytes = cn_class_at(place->class_index)->block_bytes;
    uint64_t live = cn_walk_live_word(word);
    for (; live != 0 && is_still(place); live &= live - 1) {
        if (!visit(cn_region.base + ((word << CN_WORD_SHIFT) + cn_ctz(live)) * CN_GRANULE_BYTES, bytes, argument)) {
            return false;
        }
    }
    return true;
}

static bool visit_place(const struct cn_walk_place *place, cn_walk_fn *visit, void *argument) {
    size_t first = place->slot * CN_SLOT_WORDS;
    if (place->class_index == CN_CLASS_SPAN) {
        bool is_live = cn_live_test(first << CN_WORD_SHIFT);
        return !is_live || visit(cn_slot_address(place->slot), place->slots << CN_SLOT_SHIFT, argument);
    }
    for (size_t word = first; word < first + place->slots * CN_SLOT_WORDS && is_still(place); word++) {
        if (!visit_word(place, word, visit, argument)) {
            return false;
        }
    }
    return true;
}

struct guarded_visit {
    cn_walk_fn *visit;
    void *argument;
};

static bool visit_guarded(const struct cn_guarded *guarded, void *argument) {
    const struct guarded_visit *visit = argument;
    return guarded->state != CN_GUARDED_LIVE || visit->visit(guarded->block, guarded->size, visit->argument);
}

bool cn_walk_outside(cn_walk_fn *visit, void *argument) {
    struct guarded_visit guarded = {visit, argument};
    return cn_direct_walk(visit, argument) && cn_guard_walk(visit_guarded, &guarded);
}

bool cn_walk_blocks(const struct cairn_heap *heap, cn_walk_fn *visit, void *argument) {
    struct cn_walk_place place;
    for (size_t slot = 0; cn_walk_next(slot, &place); slot = cn_walk_after(&place)) {
        if ((heap == NULL || place.heap == heap) && !visit_place(&place, visit, argument)) {
            return false;
        }
    }
    return heap != NULL || cn_walk_outside(visit, argument);
}
