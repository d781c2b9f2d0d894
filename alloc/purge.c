#include "purge.h"

#include "arena.h"
#include "bitmap.h"
#include "counts.h"
#include "lock.h"

enum {
    RETAIN_MIN_SLOTS = CN_RETAIN_MIN_BYTES / CN_SLOT_BYTES,
    RETAIN_SHARE = 8,
    PURGE_BATCH_SLOTS = CN_PURGE_BATCH_BYTES / CN_SLOT_BYTES,
    PAUSE_TRIES = 10000
};

static struct cn_lock lock;               /* one thread purges at a time */
static _Atomic uint64_t breath_halved_at; /* milliseconds */
static _Atomic size_t stuck_slots; /* where a purge was of no use, as with locked memory: the dirty slots to wait for */

/* Gives back what it can of the slots `dirty`, run by run; returns which. */
static uint64_t purge_runs(size_t index, uint64_t dirty) {
    uint64_t purged = 0;
    while (dirty != 0) {
        unsigned first = cn_ctz(dirty);
        unsigned length = cn_bits_first_run(dirty);
        uint64_t run = cn_bits_run(first, length);
        if (cn_os_purge(cn_slot_address(index * CN_ARENA_SLOTS + first), (size_t)length * CN_SLOT_BYTES)) {
            purged |= run;
        }
        dirty &= ~run;
    }
    return purged;
}

/* Purges what is free and dirty in the arena, all of the arena where all of it is free. Returns the slots purged. */
static size_t purge_arena(size_t index) {
    struct cn_arena *arena = &cn_region.arenas[index];
    uint64_t used = atomic_load_explicit(&arena->used, memory_order_relaxed);
    uint64_t mask = used == 0 ? CN_ARENA_ALL_SLOTS : ~used & atomic_load_explicit(&arena->dirty, memory_order_relaxed);
    if (mask == 0 || !cn_arena_is_committed(index) || !cn_arena_claim(index, mask)) {
        return 0;
    }
    uint64_t dirty = atomic_load_explicit(&arena->dirty, memory_order_relaxed) & mask;
    /* Still committed: who could not have all of a run that it claimed has given its arenas back (arena.c). */
    bool is_whole = mask == CN_ARENA_ALL_SLOTS && cn_arena_is_committed(index);
    uint64_t purged = is_whole && cn_arena_decommit(index) ? dirty : purge_runs(index, dirty);
    (void)atomic_fetch_and_explicit(&arena->dirty, ~purged, memory_order_relaxed);
    (void)atomic_fetch_or_explicit(&arena->purged, purged, memory_order_relaxed);
    cn_count_sub(&cn_counts.dirty_slots, cn_popcount(purged));
    (void)cn_count_add(&cn_counts.purged_bytes, (size_t)cn_popcount(purged) * CN_SLOT_BYTES);
    cn_arena_release(index, mask);
    return cn_popcount(purged);
}

/* Purges from the top of the region down until `slots` are purged. Returns how many were. */
static size_t purge_locked(size_t slots) {
    size_t purged = 0;
    size_t arena = atomic_load_explicit(&cn_region.arena_count, memory_order_acquire);
    for (; arena > 0 && purged < slots; arena--) {
        purged += purge_arena(arena - 1);
    }
    return purged;
}

static size_t breath_slots(void) {
    size_t breath = cn_min(cn_count_of(&cn_counts.breath_slots), cn_count_of(&cn_counts.peak_used_slots));
    if (breath == 0) {
        return 0;
    }
    uint64_t now = cn_os_milliseconds();
    uint64_t halved_at = atomic_load_explicit(&breath_halved_at, memory_order_relaxed);
    if (now >= halved_at + CN_BREATH_HALF_LIFE_MS) { /* another thread may have stored a later time */
        uint64_t half_lives = halved_at == 0 ? 0 : cn_min((now - halved_at) / CN_BREATH_HALF_LIFE_MS, 63);
        breath >>= half_lives;
        atomic_store_explicit(&cn_counts.breath_slots, breath, memory_order_relaxed);
        atomic_store_explicit(&breath_halved_at, now, memory_order_relaxed);
    }
    return breath;
}

void cn_purge_excess(void) {
    size_t dirty = cn_count_of(&cn_counts.dirty_slots);
    if (dirty <= cn_max(RETAIN_MIN_SLOTS, cn_count_of(&stuck_slots))) {
        return;
    }
    size_t retained = RETAIN_MIN_SLOTS + cn_count_of(&cn_counts.used_slots) / RETAIN_SHARE + breath_slots();
    if (dirty > retained && cn_lock_try(&lock)) { /* else another thread is at it, and this one goes on */
        size_t purged = purge_locked(dirty - retained + PURGE_BATCH_SLOTS);
        atomic_store_explicit(&stuck_slots, purged == 0 ? dirty + PURGE_BATCH_SLOTS : 0, memory_order_relaxed);
        cn_lock_give(&lock);
    }
}

void cn_purge_give(size_t first, size_t count) {
    cn_arena_give(first, count);
    cn_purge_excess();
}

size_t cn_purge_all(void) {
    cn_lock_take(&lock);
    size_t purged = purge_locked(SIZE_MAX);
    cn_lock_give(&lock);
    return purged * CN_SLOT_BYTES;
}

bool cn_purge_pause(void) {
    for (unsigned tries = 0; tries < PAUSE_TRIES; tries++) {
        if (cn_lock_try(&lock)) {
            return true;
        }
        cn_os_yield();
    }
    return false;
}

void cn_purge_resume(void) { cn_lock_give(&lock); }

void cn_purge_after_fork(void) { (void)cn_lock_renew(&lock); }
