#include "purge.h"

#include "arena.h"
#include "bitmap.h"
#include "counts.h"

enum {
    RETAIN_MIN_SLOTS = (8 << 20) / CN_SLOT_BYTES,
    RETAIN_SHARE = 8,
    PURGE_BATCH_SLOTS = (2 << 20) / CN_SLOT_BYTES, /* a purge frees at least so much, to be worth its system calls */
    BREATH_HALF_LIFE_MS = 1000
};

static atomic_flag is_purging = ATOMIC_FLAG_INIT; /* one thread purges at a time; the others go on without waiting */
static _Atomic uint64_t breath_halved_at;         /* milliseconds */

static void purge_slots(size_t index, uint64_t mask) {
    struct cn_arena *arena = &cn_region.arenas[index];
    uint64_t dirty = atomic_load_explicit(&arena->dirty, memory_order_relaxed) & mask;
    if (mask == UINT64_MAX) {
        if (cn_os_decommit(cn_arena_address(index), CN_ARENA_BYTES)) {
            atomic_store_explicit(&arena->is_committed, false, memory_order_release);
            cn_count_sub(&cn_counts.committed_arenas, 1);
        }
    } else {
        for (uint64_t left = dirty; left != 0;) {
            unsigned first = cn_ctz(left);
            unsigned run = cn_bits_first_run(left);
            cn_os_purge(cn_slot_address(index * CN_ARENA_SLOTS + first), (size_t)run * CN_SLOT_BYTES);
            left &= ~cn_bits_run(first, run);
        }
    }
    (void)atomic_fetch_and_explicit(&arena->dirty, ~dirty, memory_order_relaxed);
    (void)atomic_fetch_or_explicit(&arena->purged, dirty, memory_order_relaxed);
    cn_count_sub(&cn_counts.dirty_slots, cn_popcount(dirty));
    (void)cn_count_add(&cn_counts.purged_bytes, (size_t)cn_popcount(dirty) * CN_SLOT_BYTES);
}

/* Purges what is free and dirty in the arena, all of the arena where all of it is free. Returns the slots purged. */
static size_t purge_arena(size_t index) {
    struct cn_arena *arena = &cn_region.arenas[index];
    uint64_t used = atomic_load_explicit(&arena->used, memory_order_relaxed);
    uint64_t mask = used == 0 ? UINT64_MAX : ~used & atomic_load_explicit(&arena->dirty, memory_order_relaxed);
    if (mask == 0 || !atomic_load_explicit(&arena->is_committed, memory_order_acquire) ||
        !cn_arena_claim(index, mask)) {
        return 0;
    }
    size_t purged = cn_popcount(atomic_load_explicit(&arena->dirty, memory_order_relaxed) & mask);
    purge_slots(index, mask);
    cn_arena_release(index, mask);
    return purged;
}

/* Purges from the top of the region down until `slots` are purged. Returns how many were. */
static size_t purge(size_t slots) {
    size_t purged = 0;
    if (atomic_flag_test_and_set_explicit(&is_purging, memory_order_acquire)) {
        return 0;
    }
    for (size_t arena = atomic_load_explicit(&cn_region.arena_count, memory_order_acquire); arena > 0 && purged < slots;
         arena--) {
        purged += purge_arena(arena - 1);
    }
    atomic_flag_clear_explicit(&is_purging, memory_order_release);
    return purged;
}

static size_t breath_slots(void) {
    size_t breath = cn_min(cn_count_of(&cn_counts.breath_slots), cn_count_of(&cn_counts.peak_used_slots));
    if (breath == 0) {
        return 0;
    }
    uint64_t now = cn_os_milliseconds();
    uint64_t halved_at = atomic_load_explicit(&breath_halved_at, memory_order_relaxed);
    if (now - halved_at >= BREATH_HALF_LIFE_MS) {
        uint64_t half_lives = halved_at == 0 ? 0 : cn_min((now - halved_at) / BREATH_HALF_LIFE_MS, 63);
        breath >>= half_lives;
        atomic_store_explicit(&cn_counts.breath_slots, breath, memory_order_relaxed);
        atomic_store_explicit(&breath_halved_at, now, memory_order_relaxed);
    }
    return breath;
}

static void purge_excess(void) {
    size_t dirty = cn_count_of(&cn_counts.dirty_slots);
    if (dirty <= RETAIN_MIN_SLOTS) {
        return;
    }
    size_t retained = RETAIN_MIN_SLOTS + cn_count_of(&cn_counts.used_slots) / RETAIN_SHARE + breath_slots();
    if (dirty > retained) {
        (void)purge(dirty - retained + PURGE_BATCH_SLOTS);
    }
}

void cn_purge_give(size_t first, size_t count) {
    cn_arena_give(first, count);
    purge_excess();
}

size_t cn_purge_all(void) { return purge(SIZE_MAX) * CN_SLOT_BYTES; }

void cn_purge_after_fork(void) { atomic_flag_clear_explicit(&is_purging, memory_order_relaxed); }
