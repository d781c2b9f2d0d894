/*
 * own_lock.h: a lock that knows whose it is. A thread that has it already is told so and does not wait for itself: the
 * debug form looks at blocks in signal handlers too, which may have come in the midst of anything.
 *
 * Who holds one: whoever reports (report.h), and whoever is at the table of promises (promise.h). In this order.
 */
#ifndef CN_OWN_LOCK_H
#define CN_OWN_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>

#include "alloc/bits.h"
#include "alloc/os.h"

/* 0 free; else the id of the thread that has it, with a bit that says that others may wait. */
struct cn_own_lock {
    _Atomic uint32_t word;
};

#define CN_OWN_LOCK_WAITED UINT32_C(0x80000000)

/* False where the calling thread has it already. */
CN_INLINE bool cn_own_lock_take(struct cn_own_lock *lock) {
    uint32_t self = cn_os_thread_id();
    uint32_t wanted = self;
    uint32_t seen = 0;
    while (!atomic_compare_exchange_strong_explicit(&lock->word, &seen, wanted, memory_order_acquire,
                                                    memory_order_relaxed)) {
        if ((seen & ~CN_OWN_LOCK_WAITED) == self) {
            return false;
        }
        wanted = self | CN_OWN_LOCK_WAITED;
        if ((seen & CN_OWN_LOCK_WAITED) != 0 ||
            atomic_compare_exchange_strong_explicit(&lock->word, &seen, seen | CN_OWN_LOCK_WAITED, memory_order_relaxed,
                                                    memory_order_relaxed)) {
            cn_os_wait(&lock->word, seen | CN_OWN_LOCK_WAITED);
        }
        seen = 0;
    }
    return true;
}

CN_INLINE void cn_own_lock_give(struct cn_own_lock *lock) {
    if ((atomic_exchange_explicit(&lock->word, 0, memory_order_release) & CN_OWN_LOCK_WAITED) != 0) {
        cn_os_wake(&lock->word);
    }
}

/* Whether the calling thread has it. */
CN_INLINE bool cn_own_lock_is_mine(const struct cn_own_lock *lock) {
    uint32_t word = atomic_load_explicit(&lock->word, memory_order_relaxed);
    return word != 0 && (word & ~CN_OWN_LOCK_WAITED) == cn_os_thread_id();
}

/* In the child of a fork, by whose threads nobody has it. */
CN_INLINE void cn_own_lock_renew(struct cn_own_lock *lock) {
    atomic_store_explicit(&lock->word, 0, memory_order_relaxed);
}

#endif
