#include "hiding.h"

#include "alloc/heap.h"
#include "alloc/options.h"
#include "alloc/os.h"
#include "alloc/os_watch.h"
#include "alloc/walk.h"

/* A pool's state: how many of its blocks wait, and one of these marks, or none. */
enum { HIDDEN = 1 << 30, CHANGING = 1 << 29, COUNT = CHANGING - 1 };

enum {
    POOLS_MAX = 4096,   /* hidden at a time: the whole quarantine by default, four times */
    MAPPINGS_SHARE = 16 /* of the mappings that a process can have, each pool takes two */
};

typedef _Atomic uint32_t state_word;

enum { BLOCK_MIN_BYTES = 32 };
_Static_assert(CN_SLOT_BYTES / BLOCK_MIN_BYTES * sizeof(struct cn_record) + sizeof(state_word) <= CN_NOTES_SLOT_BYTES,
               "behind the records there is room for the state");

static _Atomic size_t pool_count;     /* hidden, or changing */
static _Atomic size_t changing_count; /* between the two stores of the mark CHANGING */

/* ---- who looks ----------------------------------------------------------------------------------------------- */

/*
 * Who makes pages inaccessible says so first, and then looks whether somebody looks at all blocks; who looks says so first,
 * and then waits for those that are at it. Both are sequentially consistent: of two, one sees the other.
 */
static _Atomic unsigned hiders;
static _Atomic unsigned lookers;

/* To be ended even where it is false. */
bool cn_hiding_try(void) {
    (void)atomic_fetch_add(&hiders, 1);
    return atomic_load(&lookers) == 0;
}

void cn_hiding_end(void) { (void)atomic_fetch_sub(&hiders, 1); }

void cn_hiding_begin(void) {
    while (!cn_hiding_try()) {
        cn_hiding_end();
        cn_os_yield();
    }
}

bool cn_hiding_begin_look(void) {
    enum { TRIES = 100000 };
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

void cn_hiding_end_look(void) { (void)atomic_fetch_sub(&lookers, 1); }

/* ---- pools --------------------------------------------------------------------------------------------------- */

static struct cn_pool *pool_of(const struct cn_known *known) {
    return cn_pool_of_slot(cn_slot_of_granule(cn_granule_of(known->core)));
}

static uint32_t blocks_of(const struct cn_pool *pool) { return cn_class_at(pool->class_index)->pool_blocks; }

static state_word *state_of(const struct cn_pool *pool) {
    struct cn_record *records = (struct cn_record *)(void *)cn_slot_notes(cn_pool_slot(pool));
    return (state_word *)(void *)(records + blocks_of(pool));
}

/* All pages but the last: so two hidden pools are never one mapping, of which opening one would make three. */
static size_t hidden_bytes(const struct cn_pool *pool) {
    return (cn_pool_slots(pool) << CN_SLOT_SHIFT) - cn_os_page_bytes();
}

static bool protect(const struct cn_pool *pool, enum cn_access_right right) {
    return cn_os_protect(cn_pool_address(pool), hidden_bytes(pool), right);
}

void cn_hiding_start(size_t slot) { atomic_store(state_of(&cn_region.pools[slot]), 0); }

/* Room for one more; to be given back by lower_pools. */
static bool raise_pools(void) {
    static _Atomic size_t limit;
    size_t most = atomic_load_explicit(&limit, memory_order_relaxed);
    if (most == 0) {
        most = cn_max(1, cn_min(POOLS_MAX, cn_os_mapping_limit() / MAPPINGS_SHARE / 2));
        atomic_store_explicit(&limit, most, memory_order_relaxed);
    }
    if (atomic_fetch_add(&pool_count, 1) < most) {
        return true;
    }
    (void)atomic_fetch_sub(&pool_count, 1);
    return false;
}

static void lower_pools(void) { (void)atomic_fetch_sub(&pool_count, 1); }

/* Changes the state from exactly `from` to CHANGING, beside the count. */
static bool begin_change(state_word *state, uint32_t from) {
    (void)atomic_fetch_add(&changing_count, 1);
    if (atomic_compare_exchange_strong(state, &from, (from & COUNT) | CHANGING)) {
        return true;
    }
    (void)atomic_fetch_sub(&changing_count, 1);
    return false;
}

static void end_change(state_word *state, uint32_t mark) {
    (void)atomic_fetch_xor(state, CHANGING | mark);
    (void)atomic_fetch_sub(&changing_count, 1);
}

/* C2: nobody but who finds the count still full gets to change it. */
static void hide(const struct cn_pool *pool, state_word *state) {
    if (!raise_pools()) {
        return;
    }
    bool is_hidden = false;
    if (begin_change(state, blocks_of(pool))) {
        is_hidden = protect(pool, CN_RIGHT_NONE);
        end_change(state, is_hidden ? HIDDEN : 0);
    }
    if (!is_hidden) {
        lower_pools();
    }
}

void cn_hiding_add(const struct cn_known *known) {
    if (known->kind != CN_BLOCK_POOL) {
        return;
    }
    const struct cn_pool *pool = pool_of(known);
    state_word *state = state_of(pool);
    if (atomic_fetch_add(state, 1) + 1 == blocks_of(pool) && cn_options.protect_freed) {
        if (cn_hiding_try()) {
            hide(pool, state);
        }
        cn_hiding_end();
    }
}

/* After a fork a block may be uncounted. */
static void lower_count(state_word *state) {
    uint32_t seen = atomic_load(state);
    while ((seen & COUNT) != 0 && !atomic_compare_exchange_weak(state, &seen, seen - 1)) {
    }
}

/* False where it stays hidden. */
static bool open_pool(const struct cn_pool *pool, state_word *state, uint32_t seen) {
    if ((seen & CHANGING) != 0 || !begin_change(state, seen)) {
        cn_os_yield();
        return true;
    }
    bool is_open = protect(pool, CN_RIGHT_WRITE);
    if (is_open) {
        cn_watch_hide(cn_pool_address(pool), hidden_bytes(pool));
        lower_pools();
    }
    end_change(state, is_open ? 0 : HIDDEN);
    return is_open;
}

bool cn_hiding_remove(const struct cn_known *known) {
    if (known->kind != CN_BLOCK_POOL) {
        return true;
    }
    const struct cn_pool *pool = pool_of(known);
    state_word *state = state_of(pool);
    lower_count(state);
    uint32_t seen = atomic_load(state);
    for (; (seen & (HIDDEN | CHANGING)) != 0; seen = atomic_load(state)) {
        if (!open_pool(pool, state, seen)) {
            (void)atomic_fetch_add(state, 1);
            return false;
        }
    }
    return true;
}

bool cn_hiding_covers(const struct cn_known *known) {
    return known->kind == CN_BLOCK_POOL && (atomic_load(state_of(pool_of(known))) & (HIDDEN | CHANGING)) != 0;
}

size_t cn_hiding_pool_count(void) { return atomic_load(&pool_count); }

/* ---- after a fork -------------------------------------------------------------------------------------------- */

/* Another thread was changing a pool: it counts as hidden, and is opened as such. */
static void settle(const struct cn_pool *pool) {
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
