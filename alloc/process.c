#include "process.h"

#include <pthread.h>
#include <stdatomic.h>

#include "arena.h"
#include "guard.h"
#include "hooks.h"
#include "purge.h"
#include "region.h"
#include "size_class.h"
#include "thread.h"

enum { COLD, STARTING, READY };

static _Atomic uint32_t phase;

/* No lock is taken before a fork: one that is held across it could block a thread that holds a lock which fork itself
 * waits for (stdio's). The child repairs instead what other threads were in the middle of. */
static void after_fork_in_child(void) {
    cn_region_after_fork();
    cn_arena_after_fork();
    cn_purge_after_fork();
    cn_thread_after_fork();
    cn_guard_after_fork();
    cn_hook_after_fork();
}

static CN_COLD void start_or_wait(void) {
    uint32_t seen = COLD;
    if (atomic_compare_exchange_strong(&phase, &seen, STARTING)) {
        cn_class_init();
        cn_region_init();
        cn_thread_init();
        atomic_store_explicit(&phase, READY, memory_order_release);
        /* As early as can be: handlers of others that are registered before it allocate in a child that is not
         * repaired. */
        (void)pthread_atfork(NULL, NULL, after_fork_in_child); /* may allocate */
        return;
    }
    while (atomic_load_explicit(&phase, memory_order_acquire) != READY) { /* takes microseconds, once */
    }
}

void cn_process_start(void) {
    if (CN_UNLIKELY(atomic_load_explicit(&phase, memory_order_acquire) != READY)) {
        start_or_wait();
    }
}
