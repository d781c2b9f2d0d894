/*
 * lifecycle.c: what happens when the library is loaded, and when the process ends.
 */
#include "hooks.h"
#include "options.h"
#include "process.h"
#include "requested.h"
#include "size_class.h"
#include "stats.h"

/* Ahead of constructors without a priority, which may fork or have forks handled. */
__attribute__((constructor(101))) static void on_load(void) {
    cn_process_start();
    cn_class_open();
    cn_options_read();
    cn_stats_at_start();
    if (cn_options.stats || cn_options.stats_json[0] != '\0') {
        cn_requested_enable();
    }
    cn_hook_start();
}

__attribute__((destructor)) static void on_unload(void) {
    cn_stats_at_exit();
    cn_hook_stop();
}
