#include "audit.h"

#include "alloc/block.h"
#include "alloc/guard.h"
#include "alloc/heap.h"
#include "alloc/options.h"
#include "alloc/os.h"
#include "alloc/os_threads.h"
#include "alloc/purge.h"
#include "alloc/walk.h"
#include "damage.h"
#include "duty.h"
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

/* From the block that starts in the slot on, so many were handed out; of another pool, perhaps, that is here by now, and may begin
 * before. */
static size_t blocks_from(size_t slot, const struct cn_known *known, size_t fresh) {
    const struct cn_pool *pool = cn_block_last_pool(slot);
    size_t before = pool != NULL ? (slot - cn_pool_slot(pool)) * CN_SLOT_BYTES / known->core_bytes : 0;
    size_t blocks = cn_min(fresh, cn_class_at(cn_class_of(known->core_bytes))->pool_blocks);
    return blocks - cn_min(before, blocks);
}

static bool visit_pool(const struct cn_walk_place *place, cn_audit_fn *visit, void *argument) {
    struct cn_known known = cn_record_of_core(cn_slot_address(place->slot));
    size_t fresh = cn_pool_fresh(&cn_region.pools[place->slot]);
    size_t blocks = known.kind == CN_BLOCK_POOL ? blocks_from(place->slot, &known, fresh) : 0;
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

static void visit_with(struct outside_visit *outside, const struct cn_known *known, uint64_t word) {
    if (outside->goes_on && cn_record_state_of(word) != CN_RECORD_NONE) {
        outside->goes_on = outside->visit(known, word, outside->argument);
    }
}

static void visit_direct(const struct cn_known *known, void *argument) {
    visit_with(argument, known, cn_record_load(known->record));
}

/* Its pages may be another block's meanwhile, whose record the same one is: where they still are what they were after the
 * record was read, it is of them. */
static bool visit_guarded(const struct cn_guarded *guarded, void *argument) {
    struct outside_visit *outside = argument;
    struct cn_known known = cn_record_of_guarded(guarded->block);
    uint64_t word = known.kind != CN_BLOCK_NONE ? cn_record_load(known.record) : 0;
    struct cn_known now = cn_record_of_guarded(guarded->block);
    bool is_same = now.core == known.core && now.core_bytes == known.core_bytes;
    bool is_wanted = outside->heap == NULL || known.heap == outside->heap;
    if (is_same && is_wanted) {
        visit_with(outside, &known, word);
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
        cn_record_walk_direct(visit_direct, &outside);
    }
    (void)cn_guard_walk(visit_guarded, &outside);
    return outside.goes_on;
}

/* ---- their bytes --------------------------------------------------------------------------------------------- */

/* A block that was written after its free is set aside, and so reported once. */
static void check_freed(const struct cn_known *known, uint64_t word, const struct cn_look *look) {
    if (cn_damage_check_freed(known, word, look) && cn_record_state_of(word) == CN_RECORD_QUARANTINED) {
        cn_record_park(known->record, word);
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

/* ---- what was never handed out ------------------------------------------------------------------------------- */

/* How a heap is kept from handing out more meanwhile. */
enum hold { HELD_BY_NOBODY, HELD_ALREADY, HELD_BY_LOCK, HELD_BY_CLAIM };

/* `mine` is the caller's to use; NULL: all are. */
static enum hold hold(struct cairn_heap *heap, const struct cairn_heap *mine) {
    if (mine == NULL || heap == mine) {
        return HELD_ALREADY;
    }
    switch (cn_heap_state(heap)) {
    case CN_HEAP_NAMED:
        return cn_lock_try(&heap->lock) ? HELD_BY_LOCK : HELD_BY_NOBODY;
    case CN_HEAP_ABANDONED:
        return cn_heap_seize(heap) ? HELD_BY_CLAIM : HELD_BY_NOBODY;
    default:
        return HELD_BY_NOBODY;
    }
}

static void let_go(struct cairn_heap *heap, enum hold held) {
    if (held == HELD_BY_LOCK) {
        cn_lock_give(&heap->lock);
    } else if (held == HELD_BY_CLAIM) {
        cn_heap_unseize(heap);
    }
}

/* Of the pool that the place was, if it still is there; `is_held`: its heap is. */
static void check_fresh_at(const struct cn_walk_place *place, bool is_held, const struct cn_look *look) {
    struct cn_walk_place now;
    struct cn_known first = cn_record_of_core(cn_slot_address(place->slot));
    bool is_there = cn_walk_next(place->slot, &now) && now.slot == place->slot && now.owner == place->owner;
    if (!is_there || cn_hiding_covers(&first)) {
        return;
    }
    if (is_held) {
        cn_fresh_check(&cn_region.pools[place->slot], look);
    } else {
        cn_fresh_check_in_use(place->slot, place->owner, look);
    }
}

/* What the auditor holds just now. */
static struct {
    struct cairn_heap *heap;
    enum hold held;
} holding = {.held = HELD_BY_NOBODY};

/* What pools have yet to hand out, and their ends; of those that a thread may take from meanwhile what is next alone. They are
 * `heap`'s, which is the caller's; NULL: of all heaps, of which no thread takes from this thread's, those of ended threads, and
 * named ones that are not in use, or where there is one thread. */
static void check_fresh(const struct cairn_heap *heap, const struct cn_look *look) {
    bool is_all = heap == NULL && cn_os_is_single_threaded();
    const struct cairn_heap *mine = heap != NULL ? heap : cn_heap_mine;
    struct cn_walk_place place;
    for (size_t slot = 0; cn_walk_next(slot, &place); slot = cn_walk_after(&place)) {
        if (place.class_index == CN_CLASS_SPAN || (heap != NULL && place.heap != heap)) {
            continue;
        }
        enum hold held = hold(place.heap, is_all ? NULL : mine);
        if (held == HELD_ALREADY) {
            check_fresh_at(&place, true, look);
        } else if (held == HELD_BY_NOBODY) {
            check_fresh_at(&place, false, look);
        } else {
            holding.heap = place.heap;
            holding.held = held;
            check_fresh_at(&place, true, look);
            held = holding.held; /* nobody's, where a signal's handler has let go of it */
            holding.held = HELD_BY_NOBODY;
            let_go(place.heap, held);
        }
    }
}

/* ---- the whole ----------------------------------------------------------------------------------------------- */

/* There can be many children: what was freed before the fork, and what no block has, is the parent's to look at. Of a block that
 * is older than the child nothing says who has freed it. (And children that end may be in a sandbox, as those of OpenSSH's server
 * are, which would end them for the question what is in memory.) */
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

static bool begin_look(void) {
    if (!cn_purge_pause()) {
        return false;
    }
    if (!cn_hiding_begin_look()) {
        cn_purge_resume();
        return false;
    }
    return true;
}

static void end_look(void) {
    cn_hiding_end_look();
    cn_purge_resume();
}

static void abandon(void *unused, uint64_t mask) {
    enum hold held = holding.held;
    (void)unused;
    (void)mask;
    holding.held = HELD_BY_NOBODY;
    let_go(holding.heap, held);
    end_look();
    atomic_store(&auditor, 0);
}

/* Nothing where a report of this thread has got the process here, or was interrupted by a signal. */
static bool audit(cn_audit_fn *check, struct cn_look *look, bool waits) {
    if (cn_report_is_mine() || !begin(waits)) {
        return false;
    }
    if (!begin_look()) {
        atomic_store(&auditor, 0);
        return false;
    }
    size_t duty = cn_duty_begin(abandon, NULL, 0);
    (void)cn_audit_blocks(NULL, check, look);
    if (check == check_block) {
        check_fresh(NULL, look);
        cn_unowned_check(look);
    }
    if (cn_duty_end(duty)) {
        end_look();
        atomic_store(&auditor, 0);
    }
    return true;
}

bool cn_audit(const char *operation, uint32_t stack) {
    return audit(check_block, &(struct cn_look){operation, stack}, false);
}

_Atomic bool cn_audit_is_due_word;

static void do_later(void) { atomic_store_explicit(&cn_audit_is_due_word, true, memory_order_relaxed); }

void cn_audit_asked(const char *operation, uint32_t stack) {
    if (!audit(check_block, &(struct cn_look){operation, stack}, true)) {
        do_later();
    }
}

void cn_audit_by_signal(void) {
    if (!cn_audit("signal", 0)) {
        do_later();
    }
}

void cn_audit_due(void) {
    if (atomic_exchange_explicit(&cn_audit_is_due_word, false, memory_order_relaxed)) {
        cn_audit_by_signal();
    }
}

void cn_audit_last(const char *how, uint32_t stack) {
    struct cn_look look = {how, stack};
    if (!cn_options.check_at_exit) {
        return;
    }
    if (cn_report_begin()) { /* another thread's report, which may end the process, comes to its end first */
        cn_report_end();
    }
    (void)audit(is_forked ? check_block_of_child : check_block, &look, true);
}

void cn_audit_heap(const struct cairn_heap *heap, struct cn_look *look) {
    (void)cn_audit_blocks(heap, check_block, look);
    check_fresh(heap, look);
}

void cn_audit_after_fork(void) {
    atomic_store(&auditor, 0);
    holding.held = HELD_BY_NOBODY;
    is_forked = true;
    serial_at_fork = cn_record_last_serial();
}
