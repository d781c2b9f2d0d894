/*
 * fast.h: the paths that nearly every malloc and free of the release form takes. They are inlined where they are
 * exported, in cairn.c by the names of cairn.h and in dropin.c by those of the C library, so that neither is a jump to
 * the other. All else is in slow paths, which are called last, so that these here save no registers.
 *
 * What keeps them short, and so must stay as it is (`tools/bench instructions` counts):
 *   - A request below cn_class_table.small_end is looked up by its bytes; what it finds is where the magazine lies.
 *   - Every thread has some heap to look into: cn_heap_none has magazines too, which are empty. Only before the library
 *     was loaded can the thread's pointer be NULL, and small_end is 0 until then.
 *   - A block's live word is found from its address alone.
 *   - The test of the live bit is its clearing, in a register; the word is stored when all checks have passed.
 */
#ifndef CN_FAST_H
#define CN_FAST_H

#include "form.h"
#include "heap.h"
#include "route.h"

/* In cairn.c. The block is not known to be good. `operation` names the call in a report; the first is for "free". */
void cn_slow_free(void *block);
void cn_slow_free_by(const char *operation, void *block);
/* Likewise, and the size is not known to be the block's. */
void cn_slow_free_sized(const char *operation, void *block, size_t size, enum cn_origin origin);
/* The block at the granule is live; by its slot's owner word it is not this thread's, or the slot is marked. */
void cn_slow_free_other(size_t granule, uintptr_t owner);
/* The block at the granule is this thread's and live, and its magazine is full. */
void cn_slow_free_full(size_t granule);
/* The thread's magazine is empty, it has no heap yet, or the size is not in the table of classes. */
void *cn_slow_malloc(size_t size);

/* A block of the magazine, live; NULL where it is empty. */
CN_INLINE void *cn_fast_take(struct cn_magazine *magazine) {
    void *block = cn_magazine_pop(magazine);
    if (CN_LIKELY(block != NULL)) {
        cn_live_put(block);
    }
    return block;
}

/* NULL where only a slow path finds one. `end` is where the table of classes ends, cn_class_table.small_end; 0 leads to
 * the slow path. */
CN_INLINE void *cn_fast_small_below(size_t end, size_t size) {
    if (CN_UNLIKELY(size >= end)) {
        return NULL;
    }
    void ***tops = (void ***)cn_heap_mine; /* the tops of magazines are among the heap's first words */
    size_t word = cn_class_table.small[size];
    void **top = tops[word];
    void *block = *top;
    if (CN_UNLIKELY(block == NULL)) {
        return NULL;
    }
    tops[cn_same(word)] = top - 1;
    cn_live_put(block);
    return block;
}

CN_INLINE void *cn_fast_malloc(size_t size) {
    void *block = cn_fast_small_below(cn_class_table.small_end, size);
    return CN_LIKELY(block != NULL) ? block : cn_slow_malloc(size);
}

/* A block at a multiple of `alignment`, a power of two; NULL, and errno as it was, where it takes a slow path to
 * find one. */
CN_INLINE void *cn_fast_aligned(size_t alignment, size_t size) {
    size_t end = cn_class_table.small_end;
    if (CN_UNLIKELY(size >= end || alignment >= end)) {
        return NULL;
    }
    size_t bytes = cn_round_up(cn_max(size, 1), alignment); /* cn_class_of_aligned says why */
    return CN_LIKELY(bytes < end) ? cn_fast_take(&cn_heap_mine->magazines[cn_class_of_small(bytes)]) : NULL;
}

/* A live block of the region. */
struct cn_fast_block {
    size_t granule;
    uint64_t bits; /* its live word, without it */
    uintptr_t owner;
};

/* False where there is none at the address. */
CN_INLINE bool cn_fast_find(const void *block, struct cn_fast_block *found) {
    size_t granule = cn_granule_of(block);
    if (CN_UNLIKELY(!cn_region_covers(granule))) {
        return false;
    }
    uint64_t bits = atomic_load_explicit(&cn_region.live[granule >> CN_WORD_SHIFT], memory_order_relaxed);
    bool is_live = cn_bit_take(&bits, granule);
    if (CN_UNLIKELY(CN_CHECKED && !is_live)) {
        return false;
    }
    found->granule = granule;
    found->bits = bits;
    found->owner = atomic_load_explicit(&cn_region.owner[cn_slot_of_granule(granule)], memory_order_relaxed);
    return true;
}

/* The magazine is of this thread's heap, and its slot's owner word. */
CN_INLINE void cn_fast_push(struct cn_magazine *magazine, void *block, const struct cn_fast_block *found) {
    void **top = magazine->top;
    if (CN_UNLIKELY(top == magazine->ceiling)) {
        cn_slow_free_full(found->granule);
        return;
    }
    atomic_store_explicit(&cn_region.live[found->granule >> CN_WORD_SHIFT], found->bits, memory_order_relaxed);
    top[1] = block;
    magazine->top = top + 1;
}

CN_INLINE void cn_fast_free(void *block, void (*slow)(void *block)) {
    struct cn_fast_block found;
    if (CN_UNLIKELY(!cn_fast_find(block, &found))) {
        slow(block);
        return;
    }
    if (CN_UNLIKELY(!cn_heap_owns(cn_heap_mine, found.owner))) {
        cn_slow_free_other(found.granule, found.owner);
        return;
    }
    cn_fast_push((struct cn_magazine *)found.owner, block, &found); // NOLINT: owner words are made from magazines
}

/* That the block is this thread's and that it is of the size's class is one comparison. For `end` see
 * cn_fast_small_below. */
CN_INLINE void cn_fast_free_sized(size_t end, void *block, size_t size, void (*slow)(void *block, size_t size)) {
    struct cn_fast_block found;
    if (CN_UNLIKELY(size >= end || !cn_fast_find(block, &found))) {
        slow(block, size);
        return;
    }
    struct cn_magazine *magazine = &cn_heap_mine->magazines[cn_class_of_small(size)];
    if (CN_UNLIKELY(found.owner != (uintptr_t)magazine)) {
        slow(block, size);
        return;
    }
    cn_fast_push(magazine, block, &found);
}

#endif
