#include "hiding.h"

#include "alloc/block.h"
#include "alloc/heap.h"
#include "alloc/options.h"
#include "alloc/os.h"
#include "alloc/os_threads.h"
#include "alloc/os_watch.h"
#include "alloc/thread.h"
#include "alloc/walk.h"
#include "duty.h"
#include "fresh.h"

/* A pool's state: how many of its blocks do not wait, and one of these marks, or none. */
#define HIDDEN ((uint64_t)1 << 62)
#define CHANGING ((uint64_t)1 << 61)

/* Of the mappings that a process can have, so many go to hidden pools, which take up to three each. */
enum { MAPPINGS_SHARE = 16, POOL_MAPPINGS = 3 };

#define MINUS_ONE UINT64_MAX /* to the count */

typedef _Atomic uint64_t state_word;

static _Atomic size_t pool_limit;     /* 0 until it is known */
static _Atomic size_t pool_count;     /* hidden, or changing */
static _Atomic size_t changing_count; /* between the two stores of the mark CHANGING */

/* ---- who looks ----------------------------------------------------------------------------------------------- */

/*
 * Who makes pages inaccessible says so first, and then looks whether somebody looks at all blocks; who looks says so
 * first, and then waits for those that are at it. Both are sequentially consistent: of two, one sees the other.
 */
static _Atomic unsigned hiders;
static _Atomic unsigned lookers;
static _Thread_local volatile unsigned hiding_mine CN_TLS; /* what this thread is at of the hiders' */

/* To be ended even where it is false. */
bool cn_hiding_try(void) {
    hiding_mine++;
    (void)atomic_fetch_add(&hiders, 1);
    return atomic_load(&lookers) == 0;
}

/* A signal's handler, or a callback, may have forked meanwhile, and this be the child, where there are none. */
static void lower(_Atomic unsigned *count) {
    unsigned seen = atomic_load(count);
    while (seen != 0 && !atomic_compare_exchange_weak(count, &seen, seen - 1)) {
    }
}

void cn_hiding_end(void) {
    lower(&hiders);
    hiding_mine--;
}

void cn_hiding_begin(void) {
    while (!cn_hiding_try()) {
        cn_hiding_end();
        cn_os_yield();
    }
}

/* In a signal handler it may be this thread that is at it, which goes on only afterwards. */
bool cn_hiding_begin_look(void) {
    enum { TRIES = 100000 };
    if (hiding_mine != 0) {
        return false;
    }
    (void)atomic_fetch_add(&lookers, 1);
    for (unsigned i = 0; i < TRIES && atomic_load(&hiders) != 0; i++) {
        cn_os_yield();
    }
    if (atomic_load(&hiders) == 0) {
        return true;
    }
    cn_hiding_end_look();
    return false;
}

void cn_hiding_end_look(void) { lower(&lookers); }

/* ---- pools --------------------------------------------------------------------------------------------------- */

/* Smaller blocks are the core's own. Pools of a named heap go with it at once, even if the system refused to open
 * them. */
CN_INLINE bool can_be_hidden(const struct cn_known *known) {
    return known->kind == CN_BLOCK_POOL && known->core_bytes >= CN_HIDING_BLOCK_MIN_BYTES &&
           (CN_LIKELY(known->heap == cn_heap_mine) || !cn_thread_is_named(known->heap));
}

/* Its records lie in the notes of its first slot. */
CN_INLINE struct cn_pool *pool_of(const struct cn_known *known) {
    return &cn_region.pools[(size_t)((char *)known->record - cn_region.notes) >> CN_NOTES_SLOT_SHIFT];
}

static uint32_t blocks_of(const struct cn_pool *pool) { return cn_class_at(cn_pool_class(pool))->pool_blocks; }

CN_INLINE state_word *state_of(struct cn_pool *pool) { return &pool->note; }

static size_t bytes_of(const struct cn_pool *pool) { return cn_pool_slots(pool) << CN_SLOT_SHIFT; }

static bool show_bytes(const struct cn_pool *pool) {
    return cn_os_protect(cn_pool_address(pool), bytes_of(pool), CN_RIGHT_WRITE);
}

/* The last page can be read: so two hidden pools are never one mapping, of which opening one would make three. True also where
 * only a part is hidden, and cannot be shown. */
static bool hide_bytes(const struct cn_pool *pool) {
    size_t page = cn_os_page_bytes();
    char *last = cn_pool_address(pool) + bytes_of(pool) - page;
    return cn_os_protect(cn_pool_address(pool), bytes_of(pool) - page, CN_RIGHT_NONE) &&
           (cn_os_protect(last, page, CN_RIGHT_READ) || !show_bytes(pool));
}

/* memcheck takes what the system shows for shown. */
static void tell_watch(const struct cn_pool *pool) { cn_watch_hide(cn_pool_address(pool), bytes_of(pool)); }

void cn_hiding_start(size_t slot) {
    struct cn_pool *pool = &cn_region.pools[slot];
    atomic_store(state_of(pool), blocks_of(pool));
}

void cn_hiding_limit(void) {
    size_t most = cn_max(1, cn_os_mapping_limit() / MAPPINGS_SHARE / POOL_MAPPINGS);
    atomic_store_explicit(&pool_limit, most, memory_order_relaxed);
}

/* Room for one more; to be given back by lower_pools. */
static bool raise_pools(void) {
    size_t most = atomic_load_explicit(&pool_limit, memory_order_relaxed);
    if (atomic_fetch_add(&pool_count, 1) < cn_min(most, cn_options.protect_pools)) {
        return true;
    }
    (void)atomic_fetch_sub(&pool_count, 1);
    return false;
}

static void lower_pools(void) { (void)atomic_fetch_sub(&pool_count, 1); }

/* Changes the state from exactly `from` to CHANGING, beside the count. */
static bool begin_change(state_word *state, uint64_t from) {
    (void)atomic_fetch_add(&changing_count, 1);
    if (atomic_compare_exchange_strong(state, &from, (from & ~HIDDEN) | CHANGING)) {
        return true;
    }
    (void)atomic_fetch_sub(&changing_count, 1);
    return false;
}

/* False where the child of a fork in a signal's handler has settled it meanwhile. */
static bool end_change(state_word *state, uint64_t mark) {
    uint64_t seen = atomic_load(state);
    while ((seen & CHANGING) != 0) {
        if (atomic_compare_exchange_weak(state, &seen, seen ^ (CHANGING | mark))) {
            (void)atomic_fetch_sub(&changing_count, 1);
            return true;
        }
    }
    return false;
}

/* A block that was written after its free is set aside, and so reported once. */
static void check_block(const struct cn_known *known, const struct cn_look *look) {
    uint64_t word = cn_record_load(known->record);
    unsigned marks = cn_record_marks_of(word);
    if ((marks & CN_MARK_PARKED) == 0 && cn_damage_check_freed(known, word, look)) {
        cn_record_park(known->record, word);
    }
}

static void check(const struct cn_pool *pool, const struct cn_look *look) {
    struct cn_known known = cn_record_of_core(cn_pool_address(pool));
    size_t bytes = blocks_of(pool) * known.core_bytes;
    for (const char *end = known.core + bytes; known.core < end; known.core += known.core_bytes, known.record++) {
        check_block(&known, look);
    }
    cn_fresh_check_unasked(pool, look);
}

/* Of a thread that hides no more. */
static void leave_open(void *state, uint64_t mask) {
    (void)mask;
    if (end_change(state, 0)) {
        lower_pools();
    }
    cn_hiding_end();
}

/* C2: nobody but who finds that still no block is in use gets to change it. */
static void hide(const struct cn_pool *pool, state_word *state, const struct cn_look *look) {
    if (!raise_pools()) {
        return;
    }
    bool is_open = !begin_change(state, 0);
    if (!is_open) {
        size_t duty = cn_duty_begin(leave_open, state, 0);
        check(pool, look);
        if (!cn_duty_end(duty)) {
            cn_hiding_begin(); /* its caller ends it */
            return;
        }
        bool is_hidden = hide_bytes(pool);
        tell_watch(pool);
        is_open = end_change(state, is_hidden ? HIDDEN : 0) && !is_hidden;
    }
    if (is_open) {
        lower_pools();
    }
}

void cn_hiding_add(const struct cn_known *known, const struct cn_look *look) {
    if (!can_be_hidden(known)) {
        return;
    }
    struct cn_pool *pool = pool_of(known);
    if (CN_UNLIKELY(cn_os_add(state_of(pool), MINUS_ONE) == 1) && cn_options.protect_freed) {
        if (cn_hiding_try()) {
            hide(pool, state_of(pool), look);
        }
        cn_hiding_end();
    }
}

/* False where it stays hidden. */
static bool open_pool(const struct cn_pool *pool, state_word *state, uint64_t seen) {
    if ((seen & CHANGING) != 0 || !begin_change(state, seen)) {
        cn_os_yield();
        return true;
    }
    bool is_open = show_bytes(pool);
    tell_watch(pool);
    if (end_change(state, is_open ? 0 : HIDDEN) && is_open) {
        lower_pools();
    }
    return is_open;
}

static CN_NOINLINE bool open_or_park(const struct cn_pool *pool, state_word *state) {
    for (uint64_t seen = atomic_load(state); (seen & (HIDDEN | CHANGING)) != 0; seen = atomic_load(state)) {
        if (!open_pool(pool, state, seen)) {
            (void)cn_os_add(state, MINUS_ONE);
            return false;
        }
    }
    return true;
}

bool cn_hiding_remove(const struct cn_known *known) {
    if (!can_be_hidden(known)) {
        return true;
    }
    struct cn_pool *pool = pool_of(known);
    uint64_t before = cn_os_add(state_of(pool), 1);
    return CN_LIKELY((before & (HIDDEN | CHANGING)) == 0) || open_or_park(pool, state_of(pool));
}

bool cn_hiding_covers(const struct cn_known *known) {
    return can_be_hidden(known) && (atomic_load(state_of(pool_of(known))) & (HIDDEN | CHANGING)) != 0;
}

bool cn_hiding_find_before(const void *address, struct cn_known *last) {
    size_t granule = ((uintptr_t)address - (uintptr_t)cn_region.base) >> CN_GRANULE_SHIFT;
    const struct cn_pool *pool = cn_region_covers(granule) ? cn_block_last_pool(cn_slot_of_granule(granule)) : NULL;
    if (pool == NULL) {
        return false;
    }
    const struct cn_class *class = cn_class_at(cn_pool_class(pool));
    char *end = cn_pool_address(pool) + (size_t) class->pool_blocks * class->block_bytes;
    *last = cn_record_of_core(end - class->block_bytes);
    return (const char *)address >= end && last->kind == CN_BLOCK_POOL && cn_hiding_covers(last);
}

size_t cn_hiding_pool_count(void) { return atomic_load(&pool_count); }

/* ---- after a fork -------------------------------------------------------------------------------------------- */

/* Another thread was changing a pool: it counts as hidden, and is opened as such. */
static void settle(struct cn_pool *pool) {
    state_word *state = state_of(pool);
    if ((atomic_load(state) & CHANGING) != 0) {
        (void)atomic_fetch_xor(state, CHANGING | HIDDEN);
    }
}

void cn_hiding_after_fork(void) {
    struct cn_walk_place place;
    atomic_store(&hiders, 0);
    atomic_store(&lookers, 0);
    if (atomic_exchange(&changing_count, 0) == 0) {
        return;
    }
    for (size_t slot = 0; cn_walk_next(slot, &place); slot = cn_walk_after(&place)) {
        if (place.class_index != CN_CLASS_SPAN) {
            settle(&cn_region.pools[place.slot]);
        }
    }
}
