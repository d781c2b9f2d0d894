/*
 * lifecycle.c: what happens when the library is loaded, and when the process ends.
 */
#include "cairn.h"
#include "fault.h"
#include "guard.h"
#include "hooks.h"
#include "options.h"
#include "os_watch.h"
#include "process.h"
#include "requested.h"
#include "sample.h"
#include "size_class.h"
#include "stats.h"
#include "watched.h"

/* Ahead of constructors without a priority, which may fork or have forks handled. */
__attribute__((constructor(101))) static void on_load(void) {
    cn_process_start();
    cn_class_open();
    cn_options_read();
    cn_stats_at_start();
    if (cn_options.announce && cn_watch_can_start()) {
        cn_watched_start(cairn_describe);
    }
    if (cn_options.stats || cn_options.stats_json[0] != '\0') {
        cn_requested_enable();
    }
    if (cn_options.guard.choice != CN_GUARD_NONE) {
        cn_guard_start(cn_options.guard_side);
        cn_sample_start(cn_options.guard.choice == CN_GUARD_SAMPLE ? cn_options.guard.number : 0, cn_options.seed);
    }
    if (cn_options.guard.choice != CN_GUARD_NONE || CAIRN_DEBUG) {
        cn_fault_start();
    }
    cn_hook_start();
}

__attribute__((destructor)) static void on_unload(void) {
    cn_stats_at_exit();
    cn_hook_stop();
}
