#include "audit.h"

#include "alloc/guard.h"
#include "alloc/heap.h"
#include "alloc/os.h"
#include "alloc/os_threads.h"
#include "alloc/purge.h"
#include "alloc/walk.h"
#include "damage.h"
#include "fresh.h"
#include "hiding.h"
#include "unowned.h"

static _Atomic unsigned auditor; /* the thread that looks, one at a time; 0: none */
static bool is_forked;           /* this process is the child of one that had the library already */
static uint64_t serial_at_fork;

/* ---- all blocks ---------------------------------------------------------------------------------------------- */

static bool visit_at(char *core, cn_audit_fn *visit, void *argument) {
    struct cn_known known = cn_record_of_core(core);
    uint64_t word = known.kind != CN_BLOCK_NONE ? cn_record_load(known.record) : 0;
    return cn_record_state_of(word) == CN_RECORD_NONE || visit(&known, word, argument);
}

static bool visit_pool(const struct cn_walk_place *place, cn_audit_fn *visit, void *argument) {
    struct cn_known known = cn_record_of_core(cn_slot_address(place->slot));
    size_t blocks = known.kind == CN_BLOCK_POOL ? cn_pool_fresh(&cn_region.pools[place->slot]) : 0;
    for (; blocks > 0; blocks--, known.core += known.core_bytes, known.record++) {
        uint64_t word = cn_record_load(known.record);
        if (cn_record_state_of(word) != CN_RECORD_NONE && !visit(&known, word, argument)) {
            return false;
        }
    }
    return true;
}

struct outside_visit {
    const struct cairn_heap *heap; /* NULL: all */
    cn_audit_fn *visit;
    void *argument;
    bool goes_on;
};

static void visit_outside(const struct cn_known *known, void *argument) {
    struct outside_visit *outside = argument;
    uint64_t word = cn_record_load(known->record);
    if (outside->goes_on && cn_record_state_of(word) != CN_RECORD_NONE) {
        outside->goes_on = outside->visit(known, word, outside->argument);
    }
}

static bool visit_guarded(const struct cn_guarded *guarded, void *argument) {
    struct outside_visit *outside = argument;
    struct cn_known known = cn_record_of_guarded(guarded->block);
    bool is_wanted = outside->heap == NULL || known.heap == outside->heap;
    if (known.kind != CN_BLOCK_NONE && is_wanted) { /* it may be gone meanwhile */
        visit_outside(&known, argument);
    }
    return outside->goes_on;
}

bool cn_audit_blocks(const struct cairn_heap *heap, cn_audit_fn *visit, void *argument) {
    struct cn_walk_place place;
    for (size_t slot = 0; cn_walk_next(slot, &place); slot = cn_walk_after(&place)) {
        if (heap != NULL && place.heap != heap) {
            continue;
        }
        bool goes_on = place.class_index == CN_CLASS_SPAN ? visit_at(cn_slot_address(place.slot), visit, argument)
                                                          : visit_pool(&place, visit, argument);
        if (!goes_on) {
            return false;
        }
    }
    struct outside_visit outside = {heap, visit, argument, true};
    if (heap == NULL) { /* no named heap has direct blocks */
        cn_record_walk_direct(visit_outside, &outside);
    }
    (void)cn_guard_walk(visit_guarded, &outside);
    return outside.goes_on;
}

/* ---- their bytes --------------------------------------------------------------------------------------------- */

/* A block that was written after its free is set aside, and so reported once. */
static void check_freed(const struct cn_known *known, uint64_t word, const struct cn_look *look) {
    if (cn_damage_check_freed(known, word, look) && cn_record_state_of(word) == CN_RECORD_QUARANTINED) {
        unsigned marks = cn_record_marks_of(word) | CN_MARK_PARKED;
        (void)cn_record_change(known->record, &word, cn_record_with_marks(word, marks));
    }
}

/* Hidden pools were checked before they were hidden. */
static bool check_block(const struct cn_known *known, uint64_t word, void *argument) {
    const struct cn_look *look = argument;
    enum cn_record_state state = cn_record_state_of(word);
    unsigned marks = cn_record_marks_of(word);
    if ((marks & (CN_MARK_PROTECTED | CN_MARK_PARKED)) != 0 || (state != CN_RECORD_LIVE && cn_hiding_covers(known))) {
        return true;
    }
    if (state == CN_RECORD_LIVE) {
        (void)cn_damage_check_live(known, word, look);
    } else if (state == CN_RECORD_QUARANTINED || (state == CN_RECORD_FREE && known->kind == CN_BLOCK_POOL)) {
        check_freed(known, word, look);
    }
    return true;
}

/* What pools have yet to hand out, and their ends: of those that no other thread takes from meanwhile. They are `heap`'s,
 * which is the caller's; NULL: this thread's, or all where there is one thread. */
static void check_fresh(const struct cairn_heap *heap, const struct cn_look *look) {
    bool is_all = heap == NULL && cn_os_is_single_threaded();
    const struct cairn_heap *wanted = heap != NULL ? heap : cn_heap_mine;
    struct cn_walk_place place;
    for (size_t slot = 0; cn_walk_next(slot, &place); slot = cn_walk_after(&place)) {
        struct cn_known first = cn_record_of_core(cn_slot_address(place.slot));
        if (place.class_index != CN_CLASS_SPAN && (is_all || place.heap == wanted) && !cn_hiding_covers(&first)) {
            cn_fresh_check(&cn_region.pools[place.slot], look);
        }
    }
}

/* There can be many children: what was freed before the fork is the parent's to look at. */
static bool check_block_of_child(const struct cn_known *known, uint64_t word, void *argument) {
    bool is_own = cn_record_state_of(word) == CN_RECORD_LIVE || cn_record_serial_of(word) > serial_at_fork;
    return !is_own || check_block(known, word, argument);
}

/* False where another thread looks already, unless this one `waits`; or where this one does itself. */
static bool begin(bool waits) {
    unsigned self = cn_os_thread_id();
    unsigned seen = 0;
    while (!atomic_compare_exchange_strong(&auditor, &seen, self)) {
        if (!waits || seen == self) {
            return false;
        }
        seen = 0;
        cn_os_yield();
    }
    return true;
}

static void audit(cn_audit_fn *check, struct cn_look *look, bool waits) {
    if (!begin(waits)) {
        return;
    }
    if (cn_purge_pause()) {
        if (cn_hiding_begin_look()) {
            (void)cn_audit_blocks(NULL, check, look);
            check_fresh(NULL, look);
            cn_unowned_check(look);
            cn_hiding_end_look();
        }
        cn_purge_resume();
    }
    atomic_store(&auditor, 0);
}

void cn_audit(const char *operation, uint32_t stack) { audit(check_block, &(struct cn_look){operation, stack}, false); }

void cn_audit_last(const char *how, uint32_t stack) {
    struct cn_look look = {how, stack};
    if (!cn_report_begin()) {
        return; /* a report of this thread has got the process here */
    }
    cn_report_end();
    audit(is_forked ? check_block_of_child : check_block, &look, true);
}

void cn_audit_heap(const struct cairn_heap *heap, struct cn_look *look) {
    (void)cn_audit_blocks(heap, check_block, look);
    check_fresh(heap, look);
}

void cn_audit_after_fork(void) {
    atomic_store(&auditor, 0);
    is_forked = true;
    serial_at_fork = cn_record_last_serial();
}
