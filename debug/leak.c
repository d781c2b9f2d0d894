#define _GNU_SOURCE
#include "leak.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc/explain.h"
#include "alloc/options.h"
#include "alloc/os.h"
#include "alloc/os_threads.h"
#include "alloc/panic.h"
#include "alloc/text.h"
#include "audit.h"
#include "leak_group.h"
#include "leak_print.h"
#include "page.h"
#include "report.h"
#include "scan.h"
#include "stop.h"
#include "suppress.h"

/* Of the search at hand, under the report's lock. */
struct search {
    struct cn_leak_groups groups;
    size_t lost; /* blocks */
    bool is_done;
};

/* The serial number up to which blocks are not looked at: in the child of a fork those of before, where there were
 * other threads: their stacks are gone, and with them what pointed to some. The parent looks at these blocks. */
static uint64_t inherited;

static bool is_lost(const struct cn_known *known, uint64_t word) {
    return cn_record_state_of(word) == CN_RECORD_LIVE && cn_record_serial_of(word) > inherited &&
           cn_scan_fate_of(known) != CN_SCAN_REACHABLE;
}

/* ---- what is lost -------------------------------------------------------------------------------------------- */

static bool count_lost(const struct cn_known *known, uint64_t word, void *argument) {
    struct search *search = argument;
    if (is_lost(known, word)) {
        search->lost++;
    }
    return true;
}

static bool group_lost(const struct cn_known *known, uint64_t word, void *argument) {
    struct search *search = argument;
    if (!is_lost(known, word) || search->lost == 0) {
        return true;
    }
    search->lost--; /* never more groups than there is room for */
    struct cn_facts facts = cn_record_facts(known->record);
    cn_leak_group_add(&search->groups, known, &facts,
                      cn_scan_fate_of(known) == CN_SCAN_LOST_INDIRECTLY ? CN_LEAK_INDIRECT : CN_LEAK_DIRECT);
    return true;
}

static void search_all(const struct cn_stopped *stopped, void *argument) {
    struct search *search = argument;
    if (cn_scan_run(stopped)) {
        (void)cn_audit_blocks(NULL, count_lost, search);
        search->is_done = cn_leak_group_init(&search->groups, search->lost);
        if (search->is_done) {
            (void)cn_audit_blocks(NULL, group_lost, search);
        }
    }
    cn_scan_fini();
}

/* Where the other threads cannot be stopped, what is found may have been on its way from one place to another. */
static void search_stopped(struct search *search) {
    if (!cn_stop_others(search_all, search)) {
        if (!cn_os_is_single_threaded()) {
            static const char why[] = "the search for leaks could not stop the other threads";
            cn_warn(why, "may tell of blocks that are not lost", sizeof "may tell of blocks that are not lost" - 1);
        }
        cn_stop_nobody(search_all, search);
    }
}

/* ---- what is said of it -------------------------------------------------------------------------------------- */

static void suppress(struct cn_leak_groups *groups) {
    const char *path = cn_options.leaks_suppressions;
    if (path[0] == '\0') {
        return;
    }
    if (!cn_suppress_init(path)) {
        cn_warn("cannot read the file that leaks_suppressions names", path, strlen(path));
    }
    for (size_t i = 0; i < groups->count; i++) {
        groups->groups[i].is_suppressed = cn_page_stack_has(groups->groups[i].stack, cn_suppress_fits);
    }
    cn_suppress_fini();
}

static size_t count_reported(const struct cn_leak_groups *groups) {
    size_t blocks = 0;
    for (size_t i = 0; i < groups->count; i++) {
        blocks += groups->groups[i].is_suppressed ? 0 : groups->groups[i].blocks;
    }
    return blocks;
}

size_t cn_leak_report(void) {
    static struct search search;
    int saved = errno;
    size_t blocks = 0;
    if (!cn_report_begin()) {
        return 0;
    }
    search = (struct search){.is_done = false};
    search_stopped(&search);
    if (search.is_done) {
        cn_leak_group_sort(&search.groups);
        suppress(&search.groups);
        cn_leak_print(&search.groups);
        blocks = count_reported(&search.groups);
    } else {
        static const char why[] = "the search for leaks had no memory, or could not read what the process has mapped";
        cn_warn(why, "nothing is reported", sizeof "nothing is reported" - 1);
    }
    cn_leak_group_fini(&search.groups);
    search = (struct search){.is_done = false}; /* it must not point to a block when the next search looks */
    cn_report_end();
    errno = saved;
    return blocks;
}

void cn_leak_after_fork(void) {
    if (!cn_os_is_single_threaded()) {
        inherited = cn_record_last_serial();
    }
}

size_t cn_debug_leaks(void) { return cn_leak_report(); }

static int status_due;        /* 0: the program's own */
static bool sets_status_last; /* `end_with_status` is still to be called */

/* Called by exit behind all else but the flushing of streams: on_exit(3). It goes on where it was, with the new status. To flush
 * here could wait for a thread that reads. */
static void end_with_status(int status, void *argument) {
    (void)status;
    (void)argument;
    sets_status_last = false;
    if (status_due != 0) {
        exit(status_due); // NOLINT(concurrency-mt-unsafe): the C library allows it
    }
}

void cn_leak_start(void) { sets_status_last = cn_options.leaks && on_exit(end_with_status, NULL) == 0; }

/* The destructors of other libraries follow. Where `end_with_status` has been called already, as in a program that Cairn is
 * linked into, they do not: exit goes on where it was, with the new status. */
void cn_leak_at_exit(void) {
    if (!cn_options.leaks || cn_leak_report() == 0 || cn_options.leaks_exitcode == 0) {
        return;
    }
    if (!sets_status_last) {
        exit((int)cn_options.leaks_exitcode); // NOLINT(concurrency-mt-unsafe): the C library allows it
    }
    status_due = (int)cn_options.leaks_exitcode;
}
