#include "region.h"

#include "panic.h"

struct cn_region cn_region;

/* Bytes of a table for CN_GROW_ARENAS arenas. */
static size_t step_bytes(unsigned table) {
    static const size_t arena_bytes[CN_TABLE_COUNT] = {
        [CN_TABLE_OWNER] = CN_ARENA_SLOTS * sizeof(uintptr_t),
        [CN_TABLE_POOLS] = CN_ARENA_SLOTS * CN_POOL_ENTRY_BYTES,
        [CN_TABLE_ARENAS] = sizeof(struct cn_arena),
        [CN_TABLE_LIVE] = CN_ARENA_SLOTS * CN_SLOT_WORDS * sizeof(uint64_t),
        [CN_TABLE_REMOTE] = CN_ARENA_SLOTS * CN_SLOT_WORDS * sizeof(uint64_t),
        [CN_TABLE_SLACK] = CN_ARENA_GRANULES * sizeof(uint16_t),
        [CN_TABLE_NOTES] = (size_t)CN_ARENA_SLOTS * CN_NOTES_SLOT_BYTES,
    };
    if (table == CN_TABLE_FITS) { /* eight words for 64 arenas, the last one unused */
        return 8 * sizeof(uint64_t) * CN_GROW_ARENAS / 64;
    }
    return arena_bytes[table] * CN_GROW_ARENAS;
}

static size_t table_bytes(unsigned table, size_t arenas) {
    return cn_round_up(step_bytes(table) * (arenas / CN_GROW_ARENAS), CN_ARENA_BYTES);
}

static size_t heaps_bytes(void) { return (size_t)CN_HEAP_LIMIT * CN_HEAP_BYTES; }

static size_t reservation_bytes(size_t arenas) {
    size_t bytes = CN_GAP_BYTES + heaps_bytes() + CN_GAP_BYTES;
    for (unsigned table = 0; table < CN_TABLE_COUNT; table++) {
        bytes += table_bytes(table, arenas) + CN_GAP_BYTES;
    }
    return bytes + arenas * CN_ARENA_BYTES + CN_GAP_BYTES;
}

static void lay_out(char *at, size_t arenas) {
    at += CN_GAP_BYTES;
    cn_region.heaps = at;
    at += heaps_bytes() + CN_GAP_BYTES;
    for (unsigned table = 0; table < CN_TABLE_COUNT; table++) {
        cn_region.tables[table].start = at;
        at += table_bytes(table, arenas) + CN_GAP_BYTES;
    }
    cn_region.base = at;
    cn_region.arena_limit = arenas;
    cn_region.owner = (_Atomic uintptr_t *)cn_region.tables[CN_TABLE_OWNER].start;
    cn_region.pools = (struct cn_pool *)cn_region.tables[CN_TABLE_POOLS].start;
    cn_region.fits = (_Atomic uint64_t *)cn_region.tables[CN_TABLE_FITS].start;
    cn_region.arenas = (struct cn_arena *)cn_region.tables[CN_TABLE_ARENAS].start;
    cn_region.live = (_Atomic uint64_t *)cn_region.tables[CN_TABLE_LIVE].start;
    cn_region.live_at_zero = cn_region.live - ((uintptr_t)at >> (CN_WORD_SHIFT + CN_GRANULE_SHIFT));
    cn_region.remote = (_Atomic uint64_t *)cn_region.tables[CN_TABLE_REMOTE].start;
    cn_region.slack = (_Atomic uint16_t *)cn_region.tables[CN_TABLE_SLACK].start;
    cn_region.notes = cn_region.tables[CN_TABLE_NOTES].start;
}

void cn_region_init(void) {
    size_t wanted = cn_power_of_two_above(cn_os_physical_bytes()) * CN_REGION_PER_MEMORY;
    wanted = cn_max(CN_REGION_MIN_BYTES, cn_min(wanted, CN_REGION_MAX_BYTES));
    for (size_t bytes = wanted; bytes >= CN_REGION_MIN_BYTES; bytes /= 2) {
        size_t arenas = bytes / CN_ARENA_BYTES;
        char *reservation = cn_os_reserve(reservation_bytes(arenas), CN_ARENA_BYTES);
        if (reservation != NULL) {
            lay_out(reservation, arenas);
            return;
        }
    }
}

static bool commit_table(struct cn_table *table, size_t needed_bytes) {
    size_t bytes = cn_round_up(needed_bytes, cn_os_page_bytes());
    if (bytes <= table->committed_bytes) {
        return true;
    }
    if (!cn_os_commit(table->start + table->committed_bytes, bytes - table->committed_bytes)) {
        return false;
    }
    table->committed_bytes = bytes;
    return true;
}

/* Notes become accessible with their arena (arena.c). */
static bool is_table_wanted(unsigned table) {
    return table != CN_TABLE_NOTES && (table != CN_TABLE_SLACK || cn_region.slack_is_enabled);
}

/* Makes the tables accessible for the first `arenas` arenas. */
static bool cover_locked(size_t arenas) {
    size_t steps = (arenas + CN_GROW_ARENAS - 1) / CN_GROW_ARENAS;
    size_t granules = steps * CN_GROW_ARENAS * CN_ARENA_GRANULES;
    if (granules <= atomic_load_explicit(&cn_region.granules, memory_order_relaxed)) {
        return true;
    }
    for (unsigned table = 0; table < CN_TABLE_COUNT; table++) {
        if (is_table_wanted(table) && !commit_table(&cn_region.tables[table], steps * step_bytes(table))) {
            return false;
        }
    }
    atomic_store_explicit(&cn_region.granules, granules, memory_order_release);
    return true;
}

static size_t grow_locked(size_t count) {
    size_t first = atomic_load_explicit(&cn_region.arena_count, memory_order_relaxed);
    if (count > cn_region.arena_limit - first || !cover_locked(first + count)) {
        return SIZE_MAX;
    }
    for (size_t i = first; i < first + count; i++) {
        atomic_store_explicit(&cn_region.arenas[i].used, CN_ARENA_ALL_SLOTS, memory_order_relaxed);
    }
    atomic_store_explicit(&cn_region.arena_count, first + count, memory_order_release);
    return first;
}

size_t cn_region_grow(size_t count) {
    cn_lock_take(&cn_region.lock);
    size_t first = grow_locked(count);
    cn_lock_give(&cn_region.lock);
    return first;
}

bool cn_region_grow_at(size_t first, size_t count) {
    cn_lock_take(&cn_region.lock);
    bool is_next = atomic_load_explicit(&cn_region.arena_count, memory_order_relaxed) == first;
    bool grown = is_next && grow_locked(count) != SIZE_MAX;
    cn_lock_give(&cn_region.lock);
    return grown;
}

bool cn_region_enable_slack(void) {
    cn_lock_take(&cn_region.lock);
    size_t steps = atomic_load_explicit(&cn_region.granules, memory_order_relaxed) / CN_ARENA_GRANULES / CN_GROW_ARENAS;
    struct cn_table *table = &cn_region.tables[CN_TABLE_SLACK];
    cn_region.slack_is_enabled = cn_region.base != NULL && commit_table(table, steps * step_bytes(CN_TABLE_SLACK));
    bool is_enabled = cn_region.slack_is_enabled;
    cn_lock_give(&cn_region.lock);
    return is_enabled;
}

size_t cn_region_table_bytes(void) {
    size_t bytes = 0;
    for (unsigned table = 0; table < CN_TABLE_COUNT; table++) {
        bytes += cn_os_resident_bytes(cn_region.tables[table].start, cn_region.tables[table].committed_bytes);
    }
    for (size_t arena = 0; arena < atomic_load(&cn_region.arena_count) && CN_NOTES_SLOT_BYTES != 0; arena++) {
        const size_t notes_bytes = (size_t)CN_ARENA_SLOTS * CN_NOTES_SLOT_BYTES;
        bytes += cn_region.arenas[arena].has_notes
                     ? cn_os_resident_bytes(cn_slot_notes(arena * CN_ARENA_SLOTS), notes_bytes)
                     : 0;
    }
    return bytes;
}

void cn_region_after_fork(void) { (void)cn_lock_renew(&cn_region.lock); }

void cn_region_check(void) {
    /* First: another thread that grows the region raises the granules before. */
    size_t count = atomic_load_explicit(&cn_region.arena_count, memory_order_acquire);
    size_t granules = atomic_load_explicit(&cn_region.granules, memory_order_acquire);
    size_t arenas = granules / CN_ARENA_GRANULES;
    for (unsigned table = 0; table < CN_TABLE_COUNT; table++) {
        bool is_wanted = is_table_wanted(table);
        CN_ASSERT(!is_wanted || cn_region.tables[table].committed_bytes >= arenas / CN_GROW_ARENAS * step_bytes(table),
                  "R1: granules covers only arenas whose tables are accessible");
    }
    CN_ASSERT(count <= arenas && arenas <= cn_region.arena_limit,
              "R2: arena_count <= arenas covered by granules <= arena_limit");
}
