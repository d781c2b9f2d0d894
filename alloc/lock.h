/*
 * lock.h: a small lock on one word, which sleeps where it must wait. It needs no initialisation beyond zero, allocates
 * nothing, and works before main.
 *
 * Who holds one: named heaps (heap.h), whoever purges (purge.h), and the region while it grows or commits (region.h).
 * They are taken in this order, and no two of a kind at once. The zone of guarded blocks (guard.h) has one of its own, and
 * the debug form those of quarantine.h and own_lock.h.
 * None is held across fork: the child makes the locks of threads that it does not have anew, and rebuilds what they
 * guarded (see heap.h).
 */
#ifndef CN_LOCK_H
#define CN_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>

#include "bits.h"
#include "os.h"

/* 0 free, 1 held, 2 held and perhaps waited for. */
struct cn_lock {
    _Atomic uint32_t word;
};

/* Takes the lock if it is free. */
CN_INLINE bool cn_lock_try(struct cn_lock *lock) {
    uint32_t free_word = 0;
    return atomic_compare_exchange_strong_explicit(&lock->word, &free_word, 1, memory_order_acquire,
                                                   memory_order_relaxed);
}

CN_INLINE void cn_lock_take(struct cn_lock *lock) {
    if (cn_lock_try(lock)) {
        return;
    }
    while (atomic_exchange_explicit(&lock->word, 2, memory_order_acquire) != 0) {
        cn_os_wait(&lock->word, 2);
    }
}

CN_INLINE void cn_lock_give(struct cn_lock *lock) {
    if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) == 2) {
        cn_os_wake(&lock->word);
    }
}

/* Makes the lock free, and tells whether it was held: in the child of a fork, by a thread that is not there. */
CN_INLINE bool cn_lock_renew(struct cn_lock *lock) {
    return atomic_exchange_explicit(&lock->word, 0, memory_order_relaxed) != 0;
}

#endif
