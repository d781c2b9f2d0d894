#include "process.h"

#include <pthread.h>
#include <stdatomic.h>

#include "arena.h"
#include "options.h"
#include "region.h"
#include "requested.h"
#include "size_class.h"
#include "stats.h"
#include "thread.h"

enum { COLD, STARTING, READY };

static _Atomic uint32_t phase;

static CN_COLD void start_or_wait(void) {
    uint32_t seen = COLD;
    if (atomic_compare_exchange_strong(&phase, &seen, STARTING)) {
        cn_class_init();
        cn_region_init();
        cn_thread_init();
        atomic_store_explicit(&phase, READY, memory_order_release);
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

/* No lock is taken before a fork: one that is held across it could block a thread that holds a lock which fork itself
 * waits for (stdio's). The child repairs instead what other threads were in the middle of. */
static void after_fork_in_child(void) {
    cn_region_after_fork();
    cn_arena_after_fork();
    cn_thread_after_fork();
}

__attribute__((constructor)) static void on_load(void) {
    cn_process_start();
    (void)pthread_atfork(NULL, NULL, after_fork_in_child);
    cn_options_read();
    if (cn_options.stats || cn_options.stats_json[0] != '\0') {
        cn_requested_enable();
    }
}

__attribute__((destructor)) static void on_unload(void) { cn_stats_at_exit(); }
