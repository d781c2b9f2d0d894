/*
 * named_heap.c: the cairn_heap_* functions: each takes the heap's lock, and does what its namesake does.
 */
#include <errno.h>
#include <string.h>

#include "cairn.h"
#include "hooks.h"
#include "misuse.h"
#include "process.h"
#include "route.h"
#include "thread.h"
#include "watched.h"

static void check_heap(const char *operation, const struct cairn_heap *heap) {
    size_t distance = (uintptr_t)heap - (uintptr_t)cn_region.heaps;
    bool is_heap = distance % CN_HEAP_BYTES == 0 && distance / CN_HEAP_BYTES < cn_heap_count();
    if (!is_heap || !cn_thread_is_named(heap)) {
        cn_misuse_no_heap(operation, heap);
    }
}

struct cairn_heap *cairn_heap_create(const char *name, const struct cairn_heap_options *options) {
    cn_process_start();
    struct cairn_heap *heap = cn_heap_claim_named();
    if (heap == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    /* Before, it may have been a thread's. */
    atomic_store_explicit(&heap->peak_held_bytes, 0, memory_order_relaxed);
    heap->budget_bytes = options != NULL ? options->budget_bytes : 0;
    heap->on_budget = NULL;
    if (options != NULL && options->on_budget != NULL) {
        heap->on_budget = options->on_budget;
        heap->on_budget_argument = options->argument;
    }
    size_t length = name != NULL ? cn_min(strlen(name), CN_HEAP_NAME_BYTES - 1) : 0;
    memcpy(heap->name, name != NULL ? name : "", length);
    heap->name[length] = '\0';
    return heap;
}

void cairn_heap_destroy(struct cairn_heap *heap) {
    if (heap == NULL) {
        return;
    }
    check_heap("cairn_heap_destroy", heap);
    if (CAIRN_DEBUG) {
        cn_debug_heap_destroy(heap);
    }
    cn_watched_end_heap(heap);
    cn_lock_take(&heap->lock);
    struct cn_pool *next;
    for (struct cn_pool *span = heap->spans.first; span != NULL; span = next) {
        next = span->next;
        (void)cn_span_free(cn_pool_slot(span));
    }
    cn_heap_clear_pools(heap);
    atomic_store_explicit(&heap->guarded_bytes, 0, memory_order_relaxed);
    heap->budget_bytes = 0;
    heap->on_budget = NULL;
    cn_heap_vacate(heap);
    cn_lock_give(&heap->lock);
}

static void *take(struct cairn_heap *heap, size_t size, size_t alignment, enum cn_fill fill) {
    return cn_watch_is_on() ? cn_watched_malloc(heap, size, alignment, fill)
                            : cn_route_malloc_named(heap, size, alignment, fill);
}

void *cairn_heap_malloc(struct cairn_heap *heap, size_t size) {
    check_heap("cairn_heap_malloc", heap);
    if (CAIRN_DEBUG) {
        return cn_debug_malloc(heap, size, CN_GRANULE_BYTES, CN_ASKED_MALLOC);
    }
    return take(heap, size, CN_GRANULE_BYTES, CN_FILL_NONE);
}

void *cairn_heap_calloc(struct cairn_heap *heap, size_t count, size_t size) {
    check_heap("cairn_heap_calloc", heap);
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    if (CAIRN_DEBUG) {
        return cn_debug_malloc(heap, bytes, CN_GRANULE_BYTES, CN_ASKED_CALLOC);
    }
    return take(heap, bytes, CN_GRANULE_BYTES, CN_FILL_ZERO);
}

void *cairn_heap_aligned_alloc(struct cairn_heap *heap, size_t alignment, size_t size) {
    check_heap("cairn_heap_aligned_alloc", heap);
    if (!cn_is_power_of_two(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    if (CAIRN_DEBUG) {
        return cn_debug_malloc(heap, size, alignment, CN_ASKED_ALIGNED);
    }
    return take(heap, size, alignment, CN_FILL_NONE);
}

/* The live block that starts at `pointer`, which must be of the heap. */
static struct cn_block find_in(struct cairn_heap *heap, const char *operation, const char *kind_if_freed,
                               const void *pointer) {
    struct cn_block found = cn_block_find(pointer);
    if (found.kind == CN_BLOCK_NONE) {
        cn_misuse_not_live(operation, kind_if_freed, pointer);
    }
    if (cn_route_named_heap(&found) != heap) {
        cn_misuse_other_heap(operation, pointer, heap->name);
    }
    return found;
}

void *cairn_heap_realloc(struct cairn_heap *heap, void *block, size_t size) {
    check_heap("cairn_heap_realloc", heap);
    if (CAIRN_DEBUG) {
        return cn_debug_realloc(heap, "cairn_heap_realloc", block, size);
    }
    if (block == NULL) {
        return take(heap, size, CN_GRANULE_BYTES, CN_FILL_NONE);
    }
    (void)find_in(heap, "cairn_heap_realloc", "realloc-of-freed", block);
    return cn_watch_is_on() ? cn_watched_realloc(heap, "cairn_heap_realloc", block, size)
                            : cn_route_realloc("cairn_heap_realloc", block, size);
}

void cairn_heap_free(struct cairn_heap *heap, void *block) {
    check_heap("cairn_heap_free", heap);
    if (CAIRN_DEBUG) {
        cn_debug_free(heap, block, &(struct cn_release){"cairn_heap_free", CN_ASKED_MALLOC, CN_ANY_SIZE, 0});
        return;
    }
    if (block != NULL) {
        (void)find_in(heap, "cairn_heap_free", "double-free", block);
        cn_watched_or_free("cairn_heap_free", block);
    }
}

size_t cairn_heap_usable_size(struct cairn_heap *heap, const void *block) {
    check_heap("cairn_heap_usable_size", heap);
    if (CAIRN_DEBUG) {
        return cn_debug_usable_size(heap, "cairn_heap_usable_size", block);
    }
    if (block == NULL) {
        return 0;
    }
    struct cn_block found = find_in(heap, "cairn_heap_usable_size", "bad-free", block);
    return cn_watched_bytes(&found);
}

const char *cairn_heap_name(const struct cairn_heap *heap) {
    check_heap("cairn_heap_name", heap);
    return heap->name;
}
