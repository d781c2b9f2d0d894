#include "thread.h"

#include <pthread.h>

static pthread_key_t farewell_key;
static bool has_farewell_key;
static _Atomic(struct cairn_heap *) common_heap;
static _Atomic bool common_heap_is_claimed;

/* Called among the thread's TLS destructors: others may follow that still allocate, and have the common heap then. */
static void on_farewell(void *argument) {
    struct cairn_heap *heap = argument;
    cn_heap_mine = &cn_heap_gone;
    cn_heap_abandon(heap);
}

void cn_thread_init(void) { has_farewell_key = pthread_key_create(&farewell_key, on_farewell) == 0; }

static struct cairn_heap *find_common(void) {
    struct cairn_heap *heap = atomic_load_explicit(&common_heap, memory_order_acquire);
    if (heap == NULL && !atomic_exchange(&common_heap_is_claimed, true)) {
        heap = cn_heap_claim_common();
        atomic_store_explicit(&common_heap, heap, memory_order_release);
        atomic_store(&common_heap_is_claimed, heap != NULL); /* else it is tried again the next time */
    }
    return heap;
}

static struct cairn_heap *enter_common(void) {
    struct cairn_heap *heap = find_common();
    if (heap != NULL) {
        cn_lock_take(&heap->lock);
    }
    return heap;
}

struct cairn_heap *cn_thread_enter(void) {
    struct cairn_heap *heap = cn_heap_mine;
    if (heap == NULL || heap == &cn_heap_none) {
        heap = cn_heap_claim();
        if (heap == NULL) {
            return enter_common();
        }
        cn_heap_mine = heap; /* first: pthread_setspecific may allocate */
        if (has_farewell_key) {
            (void)pthread_setspecific(farewell_key, heap);
        }
    }
    return heap == &cn_heap_gone ? enter_common() : heap;
}

void cn_thread_leave(struct cairn_heap *heap) {
    if (heap != NULL && heap != cn_heap_mine) {
        cn_lock_give(&heap->lock);
    }
}

size_t cn_thread_trim(void) {
    struct cairn_heap *heap = cn_heap_of_thread();
    return heap != NULL ? cn_heap_trim(heap) : 0;
}

bool cn_thread_is_named(const struct cairn_heap *heap) {
    return heap != NULL && cn_heap_state(heap) == CN_HEAP_NAMED &&
           heap != atomic_load_explicit(&common_heap, memory_order_relaxed);
}

void cn_thread_after_fork(void) {
    atomic_store(&common_heap_is_claimed, atomic_load(&common_heap) != NULL);
    cn_heap_after_fork(cn_heap_mine);
}
