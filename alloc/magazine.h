/*
 * magazine.h: a small stack of free blocks of one class, for the hot path.
 *
 * Its entries lie in the heap's array: a sentinel that is NULL, then room for the class's magazine_blocks. `top` points
 * at the last entry that is filled, or at the sentinel: so the emptiness test is the pop itself.
 *
 *   bottom                    top            ceiling
 *   NULL | block | block | ... | block | ... | last
 *
 * M1  bottom <= top <= ceiling <= bottom + magazine_blocks, and *bottom is NULL.
 * M2  No entry's block is live, and none stands there twice.
 *
 * A magazine whose ceiling is its bottom holds nothing: every call takes the slow path. That is how the
 * heap of threads that have given theirs up looks (heap.h), and all heaps while requests are counted.
 */
#ifndef CN_MAGAZINE_H
#define CN_MAGAZINE_H

#include "region.h"

struct cn_magazine {
    void **top;
    void **ceiling;
};

/* A free block, no longer in the magazine; NULL where it is empty. */
CN_INLINE void *cn_magazine_pop(struct cn_magazine *magazine) {
    void **top = magazine->top;
    void *block = *top;
    if (CN_LIKELY(block != NULL)) {
        magazine->top = top - 1;
    }
    return block;
}

/* False where the magazine is full. */
CN_INLINE bool cn_magazine_push(struct cn_magazine *magazine, void *block) {
    void **top = magazine->top;
    if (CN_UNLIKELY(top == magazine->ceiling)) {
        return false;
    }
    top[1] = block;
    magazine->top = top + 1;
    return true;
}

/* ---- live bits ----------------------------------------------------------------------------------------------- */

/* Only the owner of the slot writes its live words, so that no operation on them need be atomic as a whole. */
CN_INLINE void cn_live_set(size_t granule) {
    _Atomic uint64_t *word = &cn_region.live[granule >> CN_WORD_SHIFT];
    uint64_t bits = atomic_load_explicit(word, memory_order_relaxed);
    atomic_store_explicit(word, bits | (uint64_t)1 << granule % CN_WORD_GRANULES, memory_order_relaxed);
}

/* As cn_live_set, by the block's address, and without a look at where the region starts. */
CN_INLINE void cn_live_put(const void *block) {
    size_t word = (uintptr_t)block >> (CN_GRANULE_SHIFT + CN_WORD_SHIFT);
    uint64_t bits = atomic_load_explicit(&cn_region.live_at_zero[word], memory_order_relaxed);
    (void)cn_bit_put(&bits, (uintptr_t)block >> CN_GRANULE_SHIFT);
    atomic_store_explicit(&cn_region.live_at_zero[word], bits, memory_order_relaxed);
}

CN_INLINE void cn_live_clear(size_t granule) {
    _Atomic uint64_t *word = &cn_region.live[granule >> CN_WORD_SHIFT];
    uint64_t bits = atomic_load_explicit(word, memory_order_relaxed);
    atomic_store_explicit(word, bits & ~((uint64_t)1 << granule % CN_WORD_GRANULES), memory_order_relaxed);
}

/* The granule must be covered. */
CN_INLINE bool cn_live_test(size_t granule) {
    uint64_t bits = atomic_load_explicit(&cn_region.live[granule >> CN_WORD_SHIFT], memory_order_relaxed);
    return (bits >> granule % CN_WORD_GRANULES & 1) != 0;
}

#endif
