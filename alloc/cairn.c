/*
 * cairn.c: the entry points: check, and route to pools, spans or mappings. The hot paths of malloc and free stand here;
 * all else is in slow paths of their own, so that the hot ones save no registers.
 */
#include "cairn.h"

#include <errno.h>
#include <string.h>

#include "hooks.h"
#include "misuse.h"
#include "process.h"
#include "route.h"
#include "thread.h"

/* ---- malloc -------------------------------------------------------------------------------------------------- */

static CN_NOINLINE void *malloc_slow(size_t size) { return cn_route_malloc(size, CN_GRANULE_BYTES, CN_FILL_NONE); }

void *cairn_malloc(size_t size) {
    if (CN_LIKELY(size <= CN_CLASS_TABLE_MAX_BYTES)) {
        unsigned class_index = cn_class_of_small(size);
        void *block = cn_magazine_pop(&cn_heap_mine->magazines[class_index]);
        if (CN_LIKELY(block != NULL)) {
            cn_live_set(cn_granule_of(block));
            cn_hook_allocated(block, cn_class_at(class_index)->block_bytes);
            return block;
        }
    }
    return malloc_slow(size);
}

static CN_NOINLINE void *calloc_slow(size_t size) { return cn_route_malloc(size, CN_GRANULE_BYTES, CN_FILL_ZERO); }

void *cairn_calloc(size_t count, size_t size) {
    size_t bytes;
    if (CN_UNLIKELY(__builtin_mul_overflow(count, size, &bytes))) {
        errno = ENOMEM;
        return NULL;
    }
    if (CN_LIKELY(bytes <= CN_CLASS_TABLE_MAX_BYTES)) {
        void *block = cn_magazine_pop(&cn_heap_mine->magazines[cn_class_of_small(bytes)]);
        if (CN_LIKELY(block != NULL)) {
            cn_live_set(cn_granule_of(block));
            return memset(block, 0, bytes);
        }
    }
    return calloc_slow(bytes);
}

void *cairn_aligned_alloc(size_t alignment, size_t size) {
    if (!cn_is_power_of_two(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    return cn_route_malloc(size, alignment, CN_FILL_NONE);
}

/* ---- free ---------------------------------------------------------------------------------------------------- */

static CN_NOINLINE void free_slow(void *block) { cn_route_free("free", block); }

/* The magazine is full; the block's live bit is still set. */
static CN_NOINLINE void free_overflowing(size_t granule) { cn_heap_give(cn_heap_mine, granule); }

void cairn_free(void *block) {
    size_t granule = cn_granule_of(block);
    if (CN_UNLIKELY(!cn_region_covers(granule))) {
        free_slow(block);
        return;
    }
    _Atomic uint64_t *word = &cn_region.live[granule >> CN_WORD_SHIFT];
    uint64_t bits = atomic_load_explicit(word, memory_order_relaxed);
    uint64_t bit = (uint64_t)1 << granule % CN_WORD_GRANULES;
    uintptr_t owner = atomic_load_explicit(&cn_region.owner[cn_slot_of_granule(granule)], memory_order_relaxed);
    if (CN_UNLIKELY((bits & bit) == 0 || !cn_heap_owns(cn_heap_mine, owner))) {
        free_slow(block);
        return;
    }
    struct cn_magazine *magazine = (struct cn_magazine *)owner; // NOLINT: owner words are made from magazines
    cn_hook_freed(block, cn_class_at(cn_class_of_owner(owner))->block_bytes);
    if (CN_UNLIKELY(!cn_magazine_push(magazine, block))) {
        free_overflowing(granule);
        return;
    }
    atomic_store_explicit(word, bits & ~bit, memory_order_relaxed);
}

void cairn_free_sized(void *block, size_t size) {
    if (block != NULL) {
        cn_route_check_size("free_sized", block, CN_GRANULE_BYTES, size);
    }
    cairn_free(block);
}

void cairn_free_aligned_sized(void *block, size_t alignment, size_t size) {
    if (block != NULL) {
        cn_route_check_size("free_aligned_sized", block, alignment, size);
    }
    cairn_free(block);
}

size_t cairn_usable_size(const void *block) {
    if (block == NULL) {
        return 0;
    }
    struct cn_block found = cn_block_find(block);
    if (found.kind == CN_BLOCK_NONE) {
        cn_misuse_not_live("malloc_usable_size", "bad-free", block);
    }
    return found.bytes;
}

/* ---- realloc ------------------------------------------------------------------------------------------------- */

void *cairn_realloc(void *block, size_t size) {
    if (block == NULL) {
        return cairn_malloc(size);
    }
    return cn_route_realloc("realloc", block, size);
}

void *cairn_reallocarray(void *block, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return cairn_realloc(block, bytes);
}

/* ---- the whole heap ------------------------------------------------------------------------------------------ */

const char *cairn_version(void) { return CAIRN_DEBUG ? CAIRN_VERSION " debug" : CAIRN_VERSION " release"; }
