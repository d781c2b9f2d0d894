/*
 * os_threads.h: whether the process has one thread, and steps that are atomic only where it has more: a locked
 * instruction waits for all that was written before it, and there are several in each call of the debug form.
 *
 * As the C library does, it counts on threads that are made by it. A signal's handler may come between the two halves
 * of a step: it must not change the same word.
 */
#ifndef CN_OS_THREADS_H
#define CN_OS_THREADS_H

#include <stdatomic.h>

#include "bits.h"

/* Not 0 while the process has had one thread only. */
extern const char *const cn_os_single_threaded CN_HIDDEN;

CN_INLINE bool cn_os_is_single_threaded(void) { return *cn_os_single_threaded != 0; }

/* As atomic_fetch_add. */
CN_INLINE uint64_t cn_os_add(_Atomic uint64_t *word, uint64_t more) {
    if (!cn_os_is_single_threaded()) {
        return atomic_fetch_add(word, more);
    }
    uint64_t before = atomic_load_explicit(word, memory_order_relaxed);
    atomic_store_explicit(word, before + more, memory_order_relaxed);
    return before;
}

/* As atomic_compare_exchange_strong. */
CN_INLINE bool cn_os_change(_Atomic uint64_t *word, uint64_t *expected, uint64_t desired) {
    if (!cn_os_is_single_threaded()) {
        return atomic_compare_exchange_strong(word, expected, desired);
    }
    uint64_t seen = atomic_load_explicit(word, memory_order_relaxed);
    bool is_same = seen == *expected;
    *expected = seen;
    if (is_same) {
        atomic_store_explicit(word, desired, memory_order_relaxed);
    }
    return is_same;
}

#endif
