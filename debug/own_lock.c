#include "own_lock.h"

/* Until it is free, or something else has happened. `seen` is what it was. */
static void wait(struct cn_own_lock *lock, uint32_t seen) {
    uint32_t waited = seen | CN_OWN_LOCK_WAITED;
    if (seen == waited || atomic_compare_exchange_strong_explicit(&lock->word, &seen, waited, memory_order_relaxed,
                                                                  memory_order_relaxed)) {
        cn_os_wait(&lock->word, waited);
    }
}

/* Who has waited takes it as waited for: there may be others. */
bool cn_own_lock_take(struct cn_own_lock *lock) {
    uint32_t self = cn_os_thread_id();
    uint32_t wanted = self;
    uint32_t seen = 0;
    while (!atomic_compare_exchange_strong_explicit(&lock->word, &seen, wanted, memory_order_acquire,
                                                    memory_order_relaxed)) {
        if ((seen & ~CN_OWN_LOCK_WAITED) == self) {
            return false;
        }
        wait(lock, seen);
        wanted = self | CN_OWN_LOCK_WAITED;
        seen = 0;
    }
    return true;
}

void cn_own_lock_give(struct cn_own_lock *lock) {
    if ((atomic_exchange_explicit(&lock->word, 0, memory_order_release) & CN_OWN_LOCK_WAITED) != 0) {
        cn_os_wake(&lock->word);
    }
}
