/*
 * lifecycle.c: the debug form at the process's start, after a fork, and at its end.
 */
#include <string.h>

#include "alloc/heap.h"
#include "alloc/hooks.h"
#include "alloc/options.h"
#include "alloc/os.h"
#include "alloc/os_threads.h"
#include "alloc/os_watch.h"
#include "alloc/panic.h"
#include "alloc/walk.h"
#include "audit.h"
#include "canary.h"
#include "damage.h"
#include "fail.h"
#include "fresh.h"
#include "hiding.h"
#include "leak.h"
#include "promise.h"
#include "quarantine.h"
#include "report.h"
#include "self.h"
#include "stack.h"

/* ---- start --------------------------------------------------------------------------------------------------- */

static bool refill_block(const struct cn_known *known, uint64_t word, void *argument) {
    (void)argument;
    enum cn_record_state state = cn_record_state_of(word);
    char *end = known->core;
    if (known->kind == CN_BLOCK_POOL && state == CN_RECORD_FREE) {
        end = known->core + known->core_bytes;
    } else if (known->kind == CN_BLOCK_POOL && state == CN_RECORD_LIVE) {
        end = cn_record_canaries(known, cn_record_head_of(word)); /* damage.h: a long head holds it, too */
    }
    cn_fill_write(known->core, end, (unsigned char)cn_fill_freed);
    return true;
}

/* Before main there are few blocks, and those that were freed hold the default fill: they are checked, and get the one
 * that the options ask for. Only while one thread has blocks: what others have at hand would not be what it should. */
static void set_freed_fill(void) {
    struct cn_walk_place place;
    (void)cn_quarantine_flush(cn_self());
    cn_fill_freed = cn_options.fill_freed;
    if (cn_fill_freed < 0) {
        return;
    }
    (void)cn_audit_blocks(NULL, refill_block, NULL);
    for (size_t slot = 0; cn_walk_next(slot, &place); slot = cn_walk_after(&place)) {
        if (place.class_index != CN_CLASS_SPAN) {
            cn_fresh_fill(&cn_region.pools[place.slot]);
        }
    }
}

static bool write_canaries(const struct cn_known *known, uint64_t word, void *argument) {
    (void)argument;
    if (cn_record_state_of(word) == CN_RECORD_LIVE) {
        char *user = known->core + cn_record_head_of(word);
        cn_canary_write(cn_record_canaries(known, cn_record_head_of(word)), user);
        cn_canary_write(user + cn_record_size(known->record), known->core + known->core_bytes);
    }
    return true;
}

/* Canaries are the same in every run then, as far as addresses are. Blocks from before main are checked by the old
 * key. Fences would have to be written anew, too, in blocks that may be sealed. */
static void set_key(void) {
    (void)cn_audit("start", 0);
    cn_canary_set_key(cn_options.seed);
    (void)cn_audit_blocks(NULL, write_canaries, NULL);
}

static void on_check_signal(int number) {
    (void)number;
    cn_audit_by_signal();
}

static bool announce_live(const struct cn_known *known, uint64_t word, void *argument) {
    (void)argument;
    if (cn_record_state_of(word) == CN_RECORD_LIVE) {
        cn_watch_block_starts(known->core + cn_record_head_of(word), cn_record_size(known->record), CN_WATCH_SET);
    }
    return true;
}

/* An operator is a call of Cairn's own, which must not be all that a short stack has. */
static size_t with_own_frames(size_t depth) {
    enum { SHORT_DEPTH = 4, OWN_FRAMES = 1 };
    return depth != 0 && depth <= SHORT_DEPTH ? depth + OWN_FRAMES : depth;
}

/* A site is known by more calls than short stacks have. */
static void check_guard_site(void) {
    enum { SITE_DEPTH = 6 };
    static const char why[] = "guard=site: needs stacks as long as those of the report that named the site";
    if (cn_options.guard.choice == CN_GUARD_SITE && cn_options.stack_depth < SITE_DEPTH) {
        cn_warn(why, "stack_depth is small", strlen("stack_depth is small"));
    }
}

void cn_debug_start(void) {
    (void)cn_self();
    if (cn_watch_is_on()) {
        (void)cn_audit_blocks(NULL, announce_live, NULL);
    }
    cn_hiding_limit();
    cn_live_start();
    cn_leak_start();
    cn_fail_start();
    cn_stack_set_depth(with_own_frames(cn_options.stack_depth));
    cn_fill_allocated = cn_options.fill_allocated;
    if (cn_options.fill_freed != cn_fill_freed && cn_self_count() <= 1) {
        set_freed_fill();
    }
    if (cn_options.seed != 0 && cn_os_is_single_threaded() && !cn_promise_has_been_made()) {
        set_key();
    }
    check_guard_site();
    if (cn_options.check_signal != 0) {
        cn_os_handle_signal(cn_options.check_signal, on_check_signal);
    }
}

/* ---- forks and the end --------------------------------------------------------------------------------------- */

void cn_self_begins(struct cn_self *self) { cn_quarantine_prepare(self); }

void cn_self_ends(struct cn_self *self) {
    cn_quarantine_hand_over(self);
    cn_stack_thread_ends();
}

/* A thread that is not there any more may have been about to fill what its pool was to hand out. */
static void clear_fresh(void) {
    struct cn_walk_place place;
    for (size_t slot = 0; cn_walk_next(slot, &place); slot = cn_walk_after(&place)) {
        struct cn_known first = cn_record_of_core(cn_slot_address(place.slot));
        if (place.class_index != CN_CLASS_SPAN && !cn_hiding_covers(&first)) {
            cn_fresh_clear(&cn_region.pools[place.slot]);
        }
    }
}

void cn_debug_after_fork(void) {
    cn_stack_after_fork();
    cn_hiding_after_fork();
    cn_audit_after_fork();
    cn_promise_after_fork();
    cn_report_after_fork();
    cn_leak_after_fork();
    cn_quarantine_after_fork();
    if (!cn_os_is_single_threaded()) {
        clear_fresh();
    }
}

void cn_debug_stop(void) {
    cn_audit_last("exit", 0);
    cn_leak_at_exit();
}
