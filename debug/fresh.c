#include "fresh.h"

#include "ahead.h"
#include "alloc/heap.h"
#include "alloc/os.h"
#include "alloc/thread.h"
#include "canary.h"
#include "duty.h"
#include "unowned.h"

static size_t pool_bytes_of(const struct cn_pool *pool) { return cn_pool_slots(pool) * CN_SLOT_BYTES; }

static size_t filled_bytes_of(const struct cn_pool *pool) {
    return cn_ahead_bytes(pool_bytes_of(pool), cn_ahead_handed_out_bytes(pool));
}

typedef void check_zeros(const char *from, const char *to, const struct cn_look *look);

static void check_all(const struct cn_pool *pool, check_zeros *check_rest, const struct cn_look *look) {
    const char *start = cn_pool_address(pool);
    size_t handed_out = cn_ahead_handed_out_bytes(pool);
    size_t filled = filled_bytes_of(pool);
    if (cn_fill_freed >= 0 && filled > handed_out) {
        (void)cn_damage_check_fresh(start + handed_out, start + filled, look);
        check_rest(start + filled, start + pool_bytes_of(pool), look);
    }
}

void cn_fresh_check(const struct cn_pool *pool, const struct cn_look *look) {
    check_all(pool, cn_unowned_check_bytes, look);
}

void cn_fresh_check_unasked(const struct cn_pool *pool, const struct cn_look *look) {
    check_all(pool, cn_unowned_check_unasked, look);
}

/* Whether the pool that has the owner word is there, and has handed out so much. */
static bool is_still(const struct cn_pool *pool, uintptr_t owner, size_t handed_out) {
    uintptr_t now = atomic_load_explicit(&cn_region.owner[cn_pool_slot(pool)], memory_order_relaxed);
    return ((now ^ owner) & ~CN_OWNER_PENDING) == 0 && cn_pool_class(pool) < CN_CLASS_COUNT &&
           cn_ahead_handed_out_bytes(pool) == handed_out;
}

/* What its owner writes there it writes after it has moved on (live.c orders the two), and is seen to have; unless the pool ends
 * and another one of the same owner comes as far in the same instant, and twice so. */
void cn_fresh_check_in_use(size_t slot, uintptr_t owner, const struct cn_look *look) {
    const struct cn_pool *pool = &cn_region.pools[slot];
    const char *start = cn_pool_address(pool);
    const char *first = NULL;
    const char *end = NULL;
    size_t handed_out = cn_pool_class(pool) < CN_CLASS_COUNT ? cn_ahead_handed_out_bytes(pool) : 0;
    size_t filled = cn_ahead_bytes(pool_bytes_of(pool), handed_out);
    if (cn_fill_freed < 0 || filled <= handed_out || !is_still(pool, owner, handed_out)) {
        return;
    }
    for (unsigned looks = 0; looks < 2; looks++) {
        first = cn_fill_check(start + handed_out, start + filled, (unsigned char)cn_fill_freed);
        end = first != NULL ? cn_fill_damage_end(first, start + filled, (unsigned char)cn_fill_freed) : NULL;
        atomic_thread_fence(memory_order_acquire);
        if (first == NULL || !is_still(pool, owner, handed_out)) {
            return;
        }
    }
    cn_damage_report_fresh(start + handed_out, first, end, look);
}

static void clear(char *from, char *to) {
    uintptr_t page_bytes = cn_os_page_bytes();
    size_t on_page = cn_min((page_bytes - (uintptr_t)from % page_bytes) % page_bytes, (size_t)(to - from));
    char *page = from + on_page;
    cn_fill_write(from, page, 0);
    if (page < to && !cn_os_purge(page, (size_t)(to - page))) {
        cn_fill_write(page, to, 0);
    }
}

void cn_fresh_clear(const struct cn_pool *pool) {
    size_t filled = filled_bytes_of(pool);
    if (filled > 0 && filled < pool_bytes_of(pool)) {
        clear(cn_pool_address(pool) + filled, cn_pool_address(pool) + pool_bytes_of(pool));
    }
}

void cn_fresh_fill(const struct cn_pool *pool) {
    size_t handed_out = cn_ahead_handed_out_bytes(pool);
    size_t filled = filled_bytes_of(pool);
    if (filled > handed_out) {
        cn_fill_write(cn_pool_address(pool) + handed_out, cn_pool_address(pool) + filled, (unsigned char)cn_fill_freed);
    }
    cn_fresh_clear(pool);
}

static void hand_out(const struct cn_fresh *fresh) {
    struct cn_look look = {"malloc", 0};
    size_t from = fresh->first * fresh->block_bytes;
    size_t before = cn_ahead_bytes(fresh->pool_bytes, from);
    size_t after = cn_ahead_bytes(fresh->pool_bytes, from + fresh->count * fresh->block_bytes);
    if (cn_fill_freed < 0) {
        return;
    }
    if (from == 0) {
        clear(fresh->pool, fresh->pool + fresh->pool_bytes);
    }
    if (before > from) {
        (void)cn_damage_check_fresh(fresh->pool + from, fresh->pool + before, &look);
    }
    if (before < after) {
        cn_unowned_check_unasked(fresh->pool + before, fresh->pool + after, &look);
        cn_fill_write(fresh->pool + before, fresh->pool + after, (unsigned char)cn_fill_freed);
    }
}

/* A named heap is locked meanwhile. (What else the core was at is lost where a handler jumps out of a report.) */
void cn_fresh_hand_out(const struct cn_fresh *fresh) {
    size_t slot = cn_slot_of_granule(cn_granule_of(fresh->pool));
    struct cairn_heap *heap = cn_pool_heap(&cn_region.pools[slot]);
    if (!cn_thread_is_named(heap)) {
        hand_out(fresh);
        return;
    }
    size_t duty = cn_duty_begin(cn_duty_give_lock, &heap->lock, 0);
    hand_out(fresh);
    (void)cn_duty_end(duty);
}
