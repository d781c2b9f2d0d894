/*
 * inspect.c: the public functions that look at all heaps, or trim them: cairn_walk, cairn_check, cairn_trim.
 */
#include "arena.h"
#include "cairn.h"
#include "guard.h"
#include "hooks.h"
#include "os_threads.h"
#include "panic.h"
#include "process.h"
#include "purge.h"
#include "thread.h"
#include "walk.h"
#include "watched.h"

bool cairn_walk(cairn_visit_fn *visit, void *argument) {
    cn_process_start();
    return CAIRN_DEBUG ? cn_debug_walk(NULL, visit, argument) : cn_watched_walk(NULL, visit, argument);
}

bool cairn_heap_walk(struct cairn_heap *heap, cairn_visit_fn *visit, void *argument) {
    (void)cairn_heap_name(heap); /* reports what is no named heap */
    return CAIRN_DEBUG ? cn_debug_walk(heap, visit, argument) : cn_watched_walk(heap, visit, argument);
}

/* Has the heap locked, if it is a named heap: it may have been destroyed, and claimed by a thread, just now. */
static bool lock_if_named(struct cairn_heap *heap) {
    if (cn_heap_state(heap) != CN_HEAP_NAMED) {
        return false;
    }
    cn_lock_take(&heap->lock);
    if (cn_heap_state(heap) == CN_HEAP_NAMED) {
        return true;
    }
    cn_lock_give(&heap->lock);
    return false;
}

static void check_heap(struct cairn_heap *heap) {
    if (heap == cn_heap_mine) {
        cn_heap_check(heap);
    } else if (lock_if_named(heap)) {
        cn_heap_check(heap);
        cn_lock_give(&heap->lock);
    } else if (cn_heap_seize(heap)) {
        cn_heap_check(heap);
        cn_heap_unseize(heap);
    }
}

bool cairn_check(void) {
    cn_process_start();
    for (size_t i = 0; i < cn_heap_count(); i++) {
        check_heap(cn_heap_at(i));
    }
    cn_region_check();
    if (cn_os_is_single_threaded()) {
        cn_arena_check_quiet();
        cn_guard_check();
    }
    cn_arena_check();
    if (CAIRN_DEBUG) {
        cn_debug_check();
    }
    return true;
}

static size_t trim_named(void) {
    size_t bytes = 0;
    for (size_t i = 0; i < cn_heap_count(); i++) {
        struct cairn_heap *heap = cn_heap_at(i);
        if (lock_if_named(heap)) {
            bytes += cn_heap_trim(heap);
            cn_lock_give(&heap->lock);
        }
    }
    return bytes;
}

size_t cairn_trim(void) {
    cn_process_start();
    size_t bytes = trim_named() + cn_heap_trim_abandoned() + cn_thread_trim();
    return bytes + cn_purge_all();
}
