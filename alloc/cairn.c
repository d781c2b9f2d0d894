/*
 * cairn.c: the entry points: check, and route to pools, spans or mappings. The hot paths of malloc and free are in
 * fast.h; what they do not know leads to the slow paths here.
 */
#include "cairn.h"

#include <errno.h>
#include <string.h>

#include "fast.h"
#include "form.h"
#include "hooks.h"
#include "misuse.h"
#include "requested.h"
#include "route.h"
#include "thread.h"
#include "watched.h"

/* ---- malloc -------------------------------------------------------------------------------------------------- */

/* A block of the class from the thread's magazine, live; NULL where that is empty, or the thread has no heap yet. */
CN_INLINE void *take_cached(unsigned class_index) {
    struct cairn_heap *heap = cn_heap_mine;
    return CN_LIKELY(heap != NULL) ? cn_fast_take(&heap->magazines[class_index]) : NULL;
}

/* The same for requests that the table of small ones does not have. */
CN_INLINE void *take_cached_for(size_t size) {
    return size <= CN_BLOCK_MAX_BYTES ? take_cached(cn_class_of(size)) : NULL;
}

CN_NOINLINE void *cn_slow_malloc(size_t size) {
    void *block = take_cached_for(size);
    return block != NULL ? block : cn_watched_or_malloc(size, CN_GRANULE_BYTES, CN_FILL_NONE);
}

void *cairn_malloc(size_t size) {
    if (CAIRN_DEBUG) {
        return cn_debug_malloc(NULL, size, CN_GRANULE_BYTES, CN_ASKED_MALLOC);
    }
    return cn_fast_malloc(size);
}

static CN_NOINLINE void *calloc_slow(size_t size) {
    void *block = take_cached_for(size);
    return block != NULL ? memset(block, 0, size) : cn_watched_or_malloc(size, CN_GRANULE_BYTES, CN_FILL_ZERO);
}

void *cairn_calloc(size_t count, size_t size) {
    size_t bytes;
    if (CN_UNLIKELY(__builtin_mul_overflow(count, size, &bytes))) {
        errno = ENOMEM;
        return NULL;
    }
    if (CAIRN_DEBUG) {
        return cn_debug_malloc(NULL, bytes, CN_GRANULE_BYTES, CN_ASKED_CALLOC);
    }
    if (CN_LIKELY(bytes <= CN_CLASS_TABLE_MAX_BYTES)) {
        void *block = take_cached(cn_class_of_small(bytes));
        if (CN_LIKELY(block != NULL)) {
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
    if (CAIRN_DEBUG) {
        return cn_debug_malloc(NULL, size, alignment, CN_ASKED_ALIGNED);
    }
    void *fast = cn_fast_aligned(alignment, size);
    if (CN_LIKELY(fast != NULL)) {
        return fast;
    }
    if (size <= CN_BLOCK_MAX_BYTES && alignment <= CN_BLOCK_MAX_BYTES) {
        unsigned class_index = cn_class_of_aligned(size, alignment);
        void *block = take_cached(class_index);
        if (CN_LIKELY(block != NULL)) {
            return block;
        }
    }
    return cn_watched_or_malloc(size, alignment, CN_FILL_NONE);
}

/* ---- free ---------------------------------------------------------------------------------------------------- */

CN_NOINLINE void cn_slow_free(void *block) { cn_watched_or_free("free", block); }

void cn_slow_free_by(const char *operation, void *block) { cn_watched_or_free(operation, block); }

CN_NOINLINE void cn_slow_free_other(size_t granule, uintptr_t owner) {
    if (CN_UNLIKELY(cn_watch_is_on() || !cn_route_free_other(granule, owner))) {
        cn_slow_free(cn_region.base + granule * CN_GRANULE_BYTES);
    }
}

CN_NOINLINE void cn_slow_free_full(size_t granule) {
    if (cn_watch_is_on()) {
        cn_slow_free(cn_region.base + granule * CN_GRANULE_BYTES);
        return;
    }
    cn_heap_give(cn_heap_mine, granule);
}

void cn_slow_free_sized(const char *operation, void *block, size_t size, enum cn_origin origin) {
    if (block != NULL) {
        cn_route_check_size(operation, block, CN_GRANULE_BYTES, cn_watched_padded(size), origin);
        cn_fast_free(block, cn_slow_free);
    }
}

static CN_NOINLINE void free_sized_slow(void *block, size_t size) {
    cn_slow_free_sized("free_sized", block, size, CN_ORIGIN_REALLOC);
}

void cairn_free(void *block) {
    if (CAIRN_DEBUG) {
        cn_debug_free(NULL, block, &(struct cn_release){"free", CN_ASKED_MALLOC, CN_ANY_SIZE, 0});
        return;
    }
    cn_fast_free(block, cn_slow_free);
}

void cairn_free_sized(void *block, size_t size) {
    if (CAIRN_DEBUG) {
        cn_debug_free(NULL, block, &(struct cn_release){"free_sized", CN_ASKED_MALLOC, size, 0});
        return;
    }
    cn_fast_free_sized(cn_class_table.small_end, block, size, free_sized_slow);
}

void cairn_free_aligned_sized(void *block, size_t alignment, size_t size) {
    if (CAIRN_DEBUG) {
        cn_debug_free(NULL, block, &(struct cn_release){"free_aligned_sized", CN_ASKED_MALLOC, size, alignment});
        return;
    }
    if (block != NULL) {
        cn_route_check_size("free_aligned_sized", block, alignment, cn_watched_padded(size), CN_ORIGIN_REALLOC);
    }
    cairn_free(block);
}

/* ---- what a block is ----------------------------------------------------------------------------------------- */

/* A live block of this thread's heap, with no pending free about it. Its class; CN_CLASS_COUNT: it is none such. */
CN_INLINE unsigned class_if_mine(const void *block) {
    size_t granule = cn_granule_of(block);
    if (!cn_region_covers(granule) || (CN_CHECKED && !cn_live_test(granule))) {
        return CN_CLASS_COUNT;
    }
    uintptr_t owner = atomic_load_explicit(&cn_region.owner[cn_slot_of_granule(granule)], memory_order_relaxed);
    return cn_heap_owns(cn_heap_mine, owner) ? cn_class_of_owner(owner) : CN_CLASS_COUNT;
}

static CN_NOINLINE size_t usable_size_slow(const void *block) {
    if (block == NULL) {
        return 0;
    }
    struct cn_block found = cn_block_find(block);
    if (found.kind == CN_BLOCK_NONE) {
        cn_misuse_not_live("malloc_usable_size", "bad-free", block);
    }
    return cn_watched_bytes(&found);
}

size_t cairn_usable_size(const void *block) {
    if (CAIRN_DEBUG) {
        return cn_debug_usable_size(NULL, "malloc_usable_size", block);
    }
    unsigned class_index = class_if_mine(block);
    if (CN_LIKELY(class_index < CN_CLASS_COUNT && !cn_watch_is_on())) {
        return cn_class_at(class_index)->block_bytes;
    }
    return usable_size_slow(block);
}

/* ---- realloc ------------------------------------------------------------------------------------------------- */

/* Between two classes of the thread's own heap; NULL, and nothing done, where there is no memory. */
static void *move_between_classes(void *block, unsigned class_index, size_t size) {
    size_t old_bytes = cn_class_at(class_index)->block_bytes;
    bool grows_a_little = size > old_bytes && size - old_bytes <= old_bytes / 4;
    bool takes_room = grows_a_little && !cn_requested_is_on(); /* it would count as asked for */
    void *moved = cn_fast_malloc(takes_room ? cn_class_with_room(size) : size);
    if (CN_LIKELY(moved != NULL)) {
        memcpy(moved, block, cn_min(size, old_bytes));
        cn_fast_free(block, cn_slow_free);
    }
    return moved;
}

/* The block is large enough, and stays where it is. */
static CN_NOINLINE void *realloc_counted(void *block, unsigned class_index, size_t size) {
    if (cn_watch_is_on()) {
        return cn_watched_realloc(NULL, "realloc", block, size);
    }
    cn_requested_note(cn_granule_of(block), cn_class_at(class_index)->block_bytes, size);
    return block;
}

/* `class_index` as of class_if_mine. */
static CN_NOINLINE void *realloc_slow(void *block, unsigned class_index, size_t size) {
    if (block == NULL) {
        return cn_fast_malloc(size);
    }
    if (cn_watch_is_on()) {
        return cn_watched_realloc(NULL, "realloc", block, size);
    }
    if (class_index < CN_CLASS_COUNT && size - 1 < CN_BLOCK_MAX_BYTES) {
        void *moved = move_between_classes(block, class_index, size);
        if (CN_LIKELY(moved != NULL)) {
            return moved;
        }
    }
    return cn_route_realloc("realloc", block, size);
}

void *cairn_realloc(void *block, size_t size) {
    if (CAIRN_DEBUG) {
        return cn_debug_realloc(NULL, "realloc", block, size);
    }
    unsigned class_index = class_if_mine(block);
    if (class_index < CN_CLASS_COUNT && cn_class_keeps(class_index, size)) {
        return CN_LIKELY(!cn_requested_is_on()) ? block : realloc_counted(block, class_index, size);
    }
    return realloc_slow(block, class_index, size);
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
