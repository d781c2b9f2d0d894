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
bool cn_own_lock_take(struct cn_own_lock *lock);
void cn_own_lock_give(struct cn_own_lock *lock);

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
