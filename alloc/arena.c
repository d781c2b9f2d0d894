#include "arena.h"

#include "bitmap.h"
#include "counts.h"
#include "os_watch.h"

/* ---- fits ---------------------------------------------------------------------------------------------------- */

/* A4, for what is free in the arena now. Sequentially consistent, as forget_fit is: either this sees the run that the
 * other's caller has freed, or the other sees this one's. */
static void note_fits(size_t arena) {
    uint64_t runs = cn_arena_free_slots(arena);
    for (unsigned level = 0; level < CN_FIT_LEVELS && runs != 0; level++) {
        uint64_t bit = (uint64_t)1 << arena % 64;
        if ((atomic_load(cn_arena_fits_word(arena, level)) & bit) == 0) {
            (void)atomic_fetch_or(cn_arena_fits_word(arena, level), bit);
        }
        runs &= runs >> (1U << level) % 64;
    }
}

static void forget_fit(size_t arena, unsigned level) {
    (void)atomic_fetch_and(cn_arena_fits_word(arena, level), ~((uint64_t)1 << arena % 64));
    note_fits(arena);
}

/* The least level whose runs hold `count` slots, count 1 to 64. */
static unsigned level_of(size_t count) { return cn_ctz(cn_power_of_two_above(count)); }

/* The first arena from `from` on that may have a run of the level; SIZE_MAX: none. */
static size_t next_fit(size_t from, unsigned level) {
    size_t count = cn_arena_count();
    for (size_t arena = from; arena < count; arena = (arena / 64 + 1) * 64) {
        uint64_t word = atomic_load_explicit(cn_arena_fits_word(arena, level), memory_order_relaxed) >> arena % 64;
        if (word != 0) {
            return arena + cn_ctz(word);
        }
    }
    return SIZE_MAX;
}

/* ---- taking and giving --------------------------------------------------------------------------------------- */

bool cn_arena_claim(size_t index, uint64_t mask) {
    struct cn_arena *arena = &cn_region.arenas[index];
    uint64_t used = atomic_load_explicit(&arena->used, memory_order_relaxed);
    do {
        if ((used & mask) != 0) {
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(&arena->used, &used, used | mask, memory_order_acquire,
                                                    memory_order_relaxed));
    return true;
}

static _Atomic uint64_t releases = 1; /* so far; read, with acquire, before a search through `fits` */

void cn_arena_release(size_t arena, uint64_t mask) {
    (void)atomic_fetch_and(&cn_region.arenas[arena].used, ~mask);
    note_fits(arena);
    (void)atomic_fetch_add_explicit(&releases, 1, memory_order_release);
}

size_t cn_arena_for_each(size_t first, size_t count, bool (*visit)(size_t arena, uint64_t mask)) {
    size_t done = 0;
    while (done < count) {
        size_t slot = first + done;
        size_t here = cn_min(count - done, CN_ARENA_SLOTS - slot % CN_ARENA_SLOTS);
        if (!visit(slot / CN_ARENA_SLOTS, cn_bits_run(slot % CN_ARENA_SLOTS, (unsigned)here))) {
            break;
        }
        done += here;
    }
    return done;
}

static bool release_part(size_t arena, uint64_t mask) {
    cn_arena_release(arena, mask);
    return true;
}

/* Counts slots that were just claimed as used. */
static bool account_part(size_t index, uint64_t mask) {
    struct cn_arena *arena = &cn_region.arenas[index];
    unsigned dirty = cn_popcount(atomic_load_explicit(&arena->dirty, memory_order_relaxed) & mask);
    unsigned purged = cn_popcount(atomic_load_explicit(&arena->purged, memory_order_relaxed) & mask);
    if (dirty != 0) {
        cn_count_sub(&cn_counts.dirty_slots, dirty);
    }
    if (purged != 0) {
        (void)cn_count_add(&cn_counts.breath_slots, purged);
        (void)atomic_fetch_and_explicit(&arena->purged, ~mask, memory_order_relaxed);
    }
    cn_count_raise(&cn_counts.peak_used_slots, cn_count_add(&cn_counts.used_slots, cn_popcount(mask)));
    cn_count_peaks();
    return true;
}

/* What the system promised for a run that it then could not promise whole is not kept from others. */
static bool forgo_part(size_t index, uint64_t mask) {
    struct cn_arena *arena = &cn_region.arenas[index];
    if (mask == CN_ARENA_ALL_SLOTS && atomic_load_explicit(&arena->dirty, memory_order_relaxed) == 0 &&
        cn_arena_is_committed(index)) {
        (void)cn_arena_decommit(index);
    }
    return release_part(index, mask);
}

static bool settle_claim(size_t first, size_t count) {
    if (!cn_arena_commit(first, count)) {
        (void)cn_arena_for_each(first, count, forgo_part);
        return false;
    }
    (void)cn_arena_for_each(first, count, account_part);
    return true;
}

/* The first run in the arena, preferring one that holds memory; SIZE_MAX: none. */
static size_t take_within(size_t index, size_t count, size_t alignment) {
    struct cn_arena *arena = &cn_region.arenas[index];
    uint64_t aligned = cn_bits_aligned((unsigned)alignment);
    for (;;) {
        uint64_t free_bits = CN_ARENA_ALL_SLOTS & ~atomic_load_explicit(&arena->used, memory_order_relaxed);
        uint64_t dirty = atomic_load_explicit(&arena->dirty, memory_order_relaxed);
        uint64_t starts = cn_bits_run_starts(free_bits & dirty, (unsigned)count) & aligned;
        if (starts == 0) {
            starts = cn_bits_run_starts(free_bits, (unsigned)count) & aligned;
        }
        if (starts == 0) {
            return SIZE_MAX;
        }
        unsigned first = cn_ctz(starts);
        if (cn_arena_claim(index, cn_bits_run(first, (unsigned)count))) {
            return index * CN_ARENA_SLOTS + first;
        }
    }
}

enum { REFUSALS_MAX = 4 };

/* From an arena that may have a run of the level. The system may refuse one arena and not the next: in the child of a fork
 * whose parent was committing it, or where others have mapped something meanwhile. Where it refuses several, only those
 * are tried that are there already. */
static size_t take_at_level(size_t count, size_t alignment, unsigned level, unsigned *refusals) {
    for (size_t arena = next_fit(0, level); arena != SIZE_MAX; arena = next_fit(arena + 1, level)) {
        if (*refusals >= REFUSALS_MAX && !cn_arena_is_committed(arena)) {
            continue;
        }
        size_t first = take_within(arena, count, alignment);
        if (first != SIZE_MAX && settle_claim(first, count)) {
            return first;
        }
        if (first != SIZE_MAX) {
            ++*refusals;
        } else if (level >= level_of(count)) {
            forget_fit(arena, level);
        }
    }
    return SIZE_MAX;
}

static size_t take_from_new(size_t count) {
    size_t arena = cn_region_grow(1);
    if (arena == SIZE_MAX) {
        return SIZE_MAX;
    }
    if (count < CN_ARENA_SLOTS) {
        cn_arena_release(arena, cn_bits_run((unsigned)count, CN_ARENA_SLOTS - (unsigned)count));
    }
    size_t first = arena * CN_ARENA_SLOTS;
    return settle_claim(first, count) ? first : SIZE_MAX;
}

/* Of runs of so many slots, by the level of their alignment: `releases` when a search through the level below was in vain.
 * Nothing can have become free for them since where it is the same. */
static _Atomic uint64_t vain_at[CN_FIT_LEVELS][CN_ARENA_SLOTS + 1];

/* Levels are powers of two: runs of the level above hold `count` slots for certain, those of the level below perhaps, and
 * are looked through before the region grows. */
static size_t take_run(size_t count, size_t alignment) {
    unsigned level = level_of(cn_max(count, alignment));
    unsigned below = 63 - cn_clz(count);
    unsigned refusals = 0;
    _Atomic uint64_t *vain = &vain_at[level_of(alignment)][count];
    size_t first = take_at_level(count, alignment, level, &refusals);
    uint64_t now = atomic_load_explicit(&releases, memory_order_acquire);
    if (first == SIZE_MAX && below != level && atomic_load_explicit(vain, memory_order_relaxed) != now) {
        first = take_at_level(count, alignment, below, &refusals);
        atomic_store_explicit(vain, first == SIZE_MAX && refusals == 0 ? now : 0, memory_order_relaxed);
    }
    if (first != SIZE_MAX || refusals >= REFUSALS_MAX) { /* then there is no memory, and growing takes some */
        return first;
    }
    first = take_from_new(count);
    /* What is left of a new arena, the only release since, has no such run either. */
    if (first != SIZE_MAX && atomic_load_explicit(&releases, memory_order_relaxed) == now + 1) {
        (void)atomic_compare_exchange_strong(vain, &now, now + 1);
    }
    return first;
}

/* ---- runs of whole arenas ------------------------------------------------------------------------------------ */

static bool is_free(size_t arena) {
    return atomic_load_explicit(&cn_region.arenas[arena].used, memory_order_relaxed) == 0;
}

/* The least index from `from` on at which an arena's address is a multiple of `alignment` slots. */
static size_t align_arena(size_t from, size_t alignment) {
    size_t unit = cn_max(alignment / CN_ARENA_SLOTS, 1);
    size_t offset = (uintptr_t)cn_region.base >> CN_ARENA_SHIFT & (unit - 1);
    return ((from + offset + unit - 1) & ~(unit - 1)) - offset;
}

/* Appends `arenas` arenas at an aligned address; those that come too many before and after it are free. */
static size_t grow_aligned(size_t arenas, size_t alignment) {
    size_t unit = cn_max(alignment / CN_ARENA_SLOTS, 1);
    if (arenas > cn_region.arena_limit || unit > cn_region.arena_limit) {
        return SIZE_MAX;
    }
    size_t grown = cn_region_grow(arenas + unit - 1);
    if (grown == SIZE_MAX) {
        return SIZE_MAX;
    }
    size_t first = align_arena(grown, alignment);
    size_t before = first - grown;
    (void)cn_arena_for_each(grown * CN_ARENA_SLOTS, before * CN_ARENA_SLOTS, release_part);
    (void)cn_arena_for_each((first + arenas) * CN_ARENA_SLOTS, (unit - 1 - before) * CN_ARENA_SLOTS, release_part);
    return first;
}

/* Claims the whole run or nothing. */
static bool claim_run(size_t first, size_t count) {
    size_t claimed = cn_arena_for_each(first, count, cn_arena_claim);
    if (claimed < count) {
        (void)cn_arena_for_each(first, claimed, release_part);
    }
    return claimed == count;
}

static size_t take_arenas(size_t arenas, size_t alignment) {
    size_t count = cn_arena_count();
    size_t first = align_arena(0, alignment);
    size_t at = first;
    while (at < count && count - first >= arenas) {
        if (!is_free(at)) {
            first = align_arena(at + 1, alignment);
            at = cn_max(first, at + 1);
        } else if (++at - first == arenas) {
            if (claim_run(first * CN_ARENA_SLOTS, arenas * CN_ARENA_SLOTS)) {
                return first;
            }
            at = first;
        }
    }
    return grow_aligned(arenas, alignment);
}

static size_t take_long_run(size_t count, size_t alignment) {
    size_t arenas = (count + CN_ARENA_SLOTS - 1) / CN_ARENA_SLOTS;
    size_t arena = take_arenas(arenas, alignment);
    if (arena == SIZE_MAX) {
        return SIZE_MAX;
    }
    size_t first = arena * CN_ARENA_SLOTS;
    (void)cn_arena_for_each(first + count, arenas * CN_ARENA_SLOTS - count, release_part);
    return settle_claim(first, count) ? first : SIZE_MAX;
}

size_t cn_arena_take(size_t count, size_t alignment) {
    if (cn_region.base == NULL) {
        return SIZE_MAX;
    }
    bool is_long = count > CN_ARENA_SLOTS || alignment > CN_ARENA_SLOTS;
    return is_long ? take_long_run(count, alignment) : take_run(count, alignment);
}

/* Where the run of `count` slots reaches beyond the last arena, appends arenas, whose slots come taken, and claims
 * what it has in the others. */
static bool claim_beyond(size_t first, size_t count) {
    size_t known = cn_arena_count();
    size_t end = (first + count + CN_ARENA_SLOTS - 1) / CN_ARENA_SLOTS;
    size_t within = known * CN_ARENA_SLOTS - first;
    if (!claim_run(first, within)) {
        return false;
    }
    if (!cn_region_grow_at(known, end - known)) {
        (void)cn_arena_for_each(first, within, release_part);
        return false;
    }
    (void)cn_arena_for_each(first + count, end * CN_ARENA_SLOTS - (first + count), release_part);
    return true;
}

bool cn_arena_extend(size_t first, size_t count, size_t more) {
    size_t next = first + count;
    bool is_within = next + more <= cn_arena_count() * CN_ARENA_SLOTS;
    return (is_within ? claim_run(next, more) : claim_beyond(next, more)) && settle_claim(next, more);
}

static bool mark_dirty_part(size_t arena, uint64_t mask) {
    (void)atomic_fetch_or_explicit(&cn_region.arenas[arena].dirty, mask, memory_order_relaxed);
    return true;
}

void cn_arena_give(size_t first, size_t count) {
    (void)cn_arena_for_each(first, count, mark_dirty_part);
    (void)cn_count_add(&cn_counts.dirty_slots, count);
    cn_count_sub(&cn_counts.used_slots, count);
    (void)cn_arena_for_each(first, count, release_part);
}

/* ---- looking ------------------------------------------------------------------------------------------------- */

size_t cn_arena_resident_bytes(void) {
    size_t bytes = 0;
    for (size_t arena = 0; arena < cn_arena_count(); arena++) {
        if (cn_arena_is_committed(arena)) {
            bytes += cn_os_resident_bytes(cn_arena_address(arena), CN_ARENA_BYTES);
        }
    }
    return bytes;
}

/* Another thread may have been between two steps: what is derived from the arenas' words is derived anew. Slots that it
 * had taken and not yet given a meaning stay taken. */
void cn_arena_after_fork(void) {
    size_t used_slots = 0;
    size_t dirty_slots = 0;
    size_t committed = 0;
    for (size_t arena = 0; arena < cn_arena_count(); arena++) {
        uint64_t used = atomic_load_explicit(&cn_region.arenas[arena].used, memory_order_relaxed);
        used_slots += cn_popcount(used);
        dirty_slots += cn_popcount(~used & atomic_load_explicit(&cn_region.arenas[arena].dirty, memory_order_relaxed));
        committed += cn_arena_is_committed(arena) ? 1 : 0;
        note_fits(arena);
    }
    (void)atomic_fetch_add_explicit(&releases, 1, memory_order_relaxed);
    atomic_store_explicit(&cn_counts.used_slots, used_slots, memory_order_relaxed);
    atomic_store_explicit(&cn_counts.dirty_slots, dirty_slots, memory_order_relaxed);
    atomic_store_explicit(&cn_counts.committed_arenas, committed, memory_order_relaxed);
}
