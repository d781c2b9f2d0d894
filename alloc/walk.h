/*
 * walk.h: every live block and every pool, in order of address, as the tables tell. What cairn_walk, the stats and the
 * checks are made of. Other threads may allocate and free meanwhile; what they change may be seen or not.
 */
#ifndef CN_WALK_H
#define CN_WALK_H

#include "heap.h"

/* What stands at a slot that starts a pool or span; `heap` is NULL for spans of no named heap. */
struct cn_walk_place {
    size_t slot;
    size_t slots;
    uintptr_t owner;
    unsigned class_index; /* or CN_CLASS_SPAN */
    struct cairn_heap *heap;
};

/* The first pool or span at or after `slot`, which must be 0 or cn_walk_after another; false where there is none. */
bool cn_walk_next(size_t slot, struct cn_walk_place *place);

/* Where to go on. A span's length may be that of another by now, where it was just freed; its other slots have no owner
 * word, and are passed one by one. */
CN_INLINE size_t cn_walk_after(const struct cn_walk_place *place) {
    return place->slot + (place->class_index == CN_CLASS_SPAN ? 1 : place->slots);
}

/* The blocks of the pool that start in the bitmap word and are live, and not freed by another thread meanwhile. */
CN_INLINE uint64_t cn_walk_live_word(size_t word) {
    return atomic_load_explicit(&cn_region.live[word], memory_order_relaxed) &
           ~atomic_load_explicit(&cn_region.remote[word], memory_order_relaxed);
}

/* Calls `visit` for each live block of the heap; NULL: of all, those outside of the region last. Stops when it returns
 * false, and returns false then. */
typedef bool cn_walk_fn(void *block, size_t bytes, void *argument);
bool cn_walk_blocks(const struct cairn_heap *heap, cn_walk_fn *visit, void *argument);

/* The same of blocks outside of the region: in mappings of their own, and on guarded pages. */
bool cn_walk_outside(cn_walk_fn *visit, void *argument);

#endif
