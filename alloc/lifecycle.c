/*
 * lifecycle.c: what happens when the library is loaded, when the process forks, and when it ends.
 */
#include <pthread.h>

#include "arena.h"
#include "options.h"
#include "process.h"
#include "purge.h"
#include "region.h"
#include "requested.h"
#include "stats.h"
#include "thread.h"

/* No lock is taken before a fork: one that is held across it could block a thread that holds a lock which fork itself
 * waits for (stdio's). The child repairs instead what other threads were in the middle of. */
static void after_fork_in_child(void) {
    cn_region_after_fork();
    cn_arena_after_fork();
    cn_purge_after_fork();
    cn_thread_after_fork();
}

__attribute__((constructor)) static void on_load(void) {
    cn_process_start();
    (void)pthread_atfork(NULL, NULL, after_fork_in_child);
    cn_options_read();
    cn_stats_at_start();
    if (cn_options.stats || cn_options.stats_json[0] != '\0') {
        cn_requested_enable();
    }
}

__attribute__((destructor)) static void on_unload(void) { cn_stats_at_exit(); }
