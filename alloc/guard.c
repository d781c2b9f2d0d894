#include "guard.h"

#include <string.h>

#include "counts.h"
#include "lock.h"
#include "os.h"
#include "panic.h"

/* An extent, by its first page. Written by whoever made it busy: relaxed, but release when `state` is written, and
 * acquire where that is read. */
struct extent {
    _Atomic uint32_t state;
    _Atomic uint32_t page_count; /* without the guard page */
    _Atomic uintptr_t block;
    _Atomic size_t size;
    _Alignas(16) char notes[CN_GUARD_NOTES_BYTES];
};

struct cn_guard_zone cn_guard_zone;

static struct {
    struct cn_lock lock;
    enum cn_guard_side side;
    size_t live_limit;
    size_t page_count;
    struct extent *extents;   /* by page */
    _Atomic uint32_t *firsts; /* by page: the first page of its extent, plus 1; 0: there is none; as `state` */
    _Atomic size_t live_count;
    size_t next;         /* where the next extent is looked for, not within another; under the lock */
    _Atomic size_t used; /* pages from here on were never in an extent; under the lock */
} zone;

/* ---- pages --------------------------------------------------------------------------------------------------- */

static size_t page_of(const void *address) {
    return ((uintptr_t)address - (uintptr_t)cn_guard_zone.start) / cn_os_page_bytes();
}

static char *address_of(size_t page) { return cn_guard_zone.start + page * cn_os_page_bytes(); }

static enum cn_guard_state state_of(const struct extent *extent) {
    return (enum cn_guard_state)atomic_load_explicit(&extent->state, memory_order_acquire);
}

static void set_state(struct extent *extent, enum cn_guard_state state) {
    atomic_store_explicit(&extent->state, (uint32_t)state, memory_order_release);
}

/* The extent that the page belongs to; NULL: none. `page` becomes its first. */
static struct extent *extent_at(size_t *page) {
    uint32_t first = atomic_load_explicit(&zone.firsts[*page], memory_order_acquire);
    if (first == 0 || state_of(&zone.extents[first - 1]) == CN_GUARDED_NONE) {
        return NULL;
    }
    *page = first - 1;
    return &zone.extents[first - 1];
}

static size_t page_count_of(const struct extent *extent) {
    return atomic_load_explicit(&extent->page_count, memory_order_relaxed);
}

static size_t page_bytes_of(const struct extent *extent) { return page_count_of(extent) * cn_os_page_bytes(); }

/* With its guard page. */
static size_t extent_pages(const struct extent *extent) { return page_count_of(extent) + 1; }

static uintptr_t block_of(const struct extent *extent) {
    return atomic_load_explicit(&extent->block, memory_order_relaxed);
}

static char *pages_of(size_t first) { return address_of(first + (zone.side == CN_GUARD_BEFORE ? 1 : 0)); }

static struct cn_guarded describe(size_t first, struct extent *extent) {
    return (struct cn_guarded){.state = state_of(extent),
                               .pages = pages_of(first),
                               .page_bytes = page_bytes_of(extent),
                               .block = (char *)block_of(extent), // NOLINT: stored by make
                               .size = atomic_load_explicit(&extent->size, memory_order_relaxed),
                               .notes = extent->notes};
}

/* ---- the zone ------------------------------------------------------------------------------------------------ */

static bool map_tables(size_t pages) {
    size_t page = cn_os_page_bytes();
    size_t extents_bytes = cn_round_up(pages * sizeof(struct extent), page);
    char *tables = cn_os_map(extents_bytes + cn_round_up(pages * sizeof(uint32_t), page), page);
    zone.extents = (struct extent *)(void *)tables;
    zone.firsts = tables != NULL ? (_Atomic uint32_t *)(void *)(tables + extents_bytes) : NULL;
    return tables != NULL;
}

void cn_guard_start(enum cn_guard_side side) {
    size_t page = cn_os_page_bytes();
    size_t bytes = CN_GUARD_ZONE_BYTES;
    char *held = NULL;
    while (bytes > cn_os_address_space_bytes() / CN_GUARD_ADDRESS_SHARE) {
        bytes /= 2;
    }
    while (held == NULL && bytes >= CN_GUARD_ZONE_MIN_BYTES) {
        held = cn_os_hold(bytes + 2 * page);
        bytes = held != NULL ? bytes : bytes / 2;
    }
    if (held == NULL || !map_tables(bytes / page)) {
        return;
    }
    zone.side = side;
    zone.page_count = bytes / page;
    zone.live_limit = cn_os_mapping_limit() / CN_GUARD_LIVE_SHARE;
    cn_guard_zone.start = held + page;
    atomic_store_explicit(&cn_guard_zone.bytes, bytes, memory_order_release);
}

/* ---- extents ------------------------------------------------------------------------------------------------- */

/* How many pages from `at` on nobody uses: whole freed extents among them; no more than are needed, or by one
 * extent. */
static size_t free_run(size_t at, size_t needed) {
    size_t run = 0;
    while (run < needed && at + run < zone.page_count) {
        size_t first = at + run;
        const struct extent *extent = extent_at(&first);
        if (extent == NULL) {
            run++;
        } else if (state_of(extent) == CN_GUARDED_FREED) {
            run += extent_pages(extent);
        } else {
            break;
        }
    }
    return run;
}

/* Where `needed` pages are free, or more: `run`; from `at` on. page_count: nowhere. `at` is not within an extent. */
static size_t find_run(size_t at, size_t needed, size_t *run) {
    while (at < zone.page_count) {
        *run = free_run(at, needed);
        if (*run >= needed) {
            return at;
        }
        at += *run;
        at += at < zone.page_count ? extent_pages(&zone.extents[at]) : 0;
    }
    return zone.page_count;
}

/* The extents that were there are forgotten. */
static void forget_locked(size_t at, size_t run) {
    for (size_t page = at; page < at + run; page++) {
        if (atomic_load_explicit(&zone.firsts[page], memory_order_relaxed) == page + 1) {
            set_state(&zone.extents[page], CN_GUARDED_NONE);
        }
        atomic_store_explicit(&zone.firsts[page], 0, memory_order_relaxed);
    }
}

static void name_locked(size_t first, size_t pages) {
    for (size_t page = first; page < first + pages; page++) {
        atomic_store_explicit(&zone.firsts[page], (uint32_t)first + 1, memory_order_release);
    }
}

static void advance_locked(size_t to) {
    if (to > atomic_load_explicit(&zone.used, memory_order_relaxed)) {
        atomic_store_explicit(&zone.used, to, memory_order_release);
    }
    zone.next = to < zone.page_count ? to : 0;
}

/* A busy extent of so many pages and its guard; page_count: there is no room. */
static size_t take_locked(size_t page_count) {
    size_t run = 0;
    size_t at = find_run(zone.next, page_count + 1, &run);
    at = at != zone.page_count ? at : find_run(0, page_count + 1, &run);
    if (at == zone.page_count) {
        return at;
    }
    advance_locked(at + page_count + 1); /* first: where a fork comes between, the child looks up to there */
    forget_locked(at, run);
    atomic_store_explicit(&zone.extents[at].page_count, (uint32_t)page_count, memory_order_relaxed);
    set_state(&zone.extents[at], CN_GUARDED_BUSY);
    name_locked(at, page_count + 1);
    return at;
}

static size_t take(size_t page_count) {
    cn_lock_take(&zone.lock);
    size_t at = take_locked(page_count);
    cn_lock_give(&zone.lock);
    return at;
}

static bool count_one(void) {
    if (atomic_fetch_add_explicit(&zone.live_count, 1, memory_order_relaxed) < zone.live_limit) {
        return true;
    }
    (void)atomic_fetch_sub_explicit(&zone.live_count, 1, memory_order_relaxed);
    return false;
}

static void uncount_one(void) { (void)atomic_fetch_sub_explicit(&zone.live_count, 1, memory_order_relaxed); }

static char *place(size_t first, size_t size, size_t alignment) {
    size_t page_bytes = page_bytes_of(&zone.extents[first]);
    return zone.side == CN_GUARD_BEFORE ? pages_of(first) : pages_of(first) + page_bytes - cn_round_up(size, alignment);
}

/* ---- blocks -------------------------------------------------------------------------------------------------- */

static void *make(size_t first, size_t size, size_t alignment) {
    struct extent *extent = &zone.extents[first];
    char *block = place(first, size, alignment);
    atomic_store_explicit(&extent->block, (uintptr_t)block, memory_order_relaxed);
    atomic_store_explicit(&extent->size, size, memory_order_relaxed);
    memset(extent->notes, 0, sizeof extent->notes);
    bool is_made = size == 0 || cn_os_protect(pages_of(first), page_bytes_of(extent), CN_RIGHT_WRITE);
    if (is_made) {
        (void)cn_count_add(&cn_counts.guarded_bytes, size);
        (void)cn_count_add(&cn_counts.guarded_page_bytes, page_bytes_of(extent));
        cn_count_peaks();
    }
    set_state(extent, is_made ? CN_GUARDED_LIVE : CN_GUARDED_FREED);
    return is_made ? block : NULL;
}

static bool is_guardable(size_t size, size_t alignment) {
    size_t bytes = atomic_load_explicit(&cn_guard_zone.bytes, memory_order_acquire);
    return size < bytes / CN_GUARD_BLOCK_SHARE && alignment <= cn_os_page_bytes();
}

void *cn_guard_malloc(size_t size, size_t alignment) {
    size_t page = cn_os_page_bytes();
    if (!is_guardable(size, alignment) || !count_one()) {
        return NULL;
    }
    size_t first = take(cn_round_up(cn_max(size, 1), page) / page);
    void *block = first != zone.page_count ? make(first, size, alignment) : NULL;
    if (block == NULL) {
        uncount_one();
    }
    return block;
}

bool cn_guard_find(const void *address, struct cn_guarded *guarded) {
    if (!cn_guard_covers(address)) {
        return false;
    }
    size_t first = page_of(address);
    struct extent *extent = extent_at(&first);
    if (extent != NULL) {
        *guarded = describe(first, extent);
    }
    return extent != NULL;
}

bool cn_guard_free(void *block) {
    size_t first = page_of(block);
    struct extent *extent = cn_guard_covers(block) ? extent_at(&first) : NULL;
    uint32_t live = CN_GUARDED_LIVE;
    if (extent == NULL || block_of(extent) != (uintptr_t)block ||
        !atomic_compare_exchange_strong_explicit(&extent->state, &live, CN_GUARDED_BUSY, memory_order_acquire,
                                                 memory_order_relaxed)) {
        return false;
    }
    cn_count_sub(&cn_counts.guarded_bytes, atomic_load_explicit(&extent->size, memory_order_relaxed));
    cn_count_sub(&cn_counts.guarded_page_bytes, page_bytes_of(extent));
    if (cn_os_withhold(pages_of(first), page_bytes_of(extent))) {
        set_state(extent, CN_GUARDED_FREED);
        uncount_one();
    }
    return true;
}

bool cn_guard_walk(bool (*visit)(const struct cn_guarded *guarded, void *argument), void *argument) {
    size_t used = atomic_load_explicit(&zone.used, memory_order_acquire);
    for (size_t page = 0; page < used;) {
        struct extent *extent = extent_at(&page);
        if (extent != NULL) {
            struct cn_guarded guarded = describe(page, extent);
            if (!visit(&guarded, argument)) {
                return false;
            }
        }
        page += extent != NULL ? extent_pages(extent) : 1;
    }
    return true;
}

size_t cn_guard_live_count(void) { return atomic_load_explicit(&zone.live_count, memory_order_relaxed); }

/* ---- after a fork, and checks -------------------------------------------------------------------------------- */

static bool is_named_by_all(size_t first, const struct extent *extent) {
    size_t page = first;
    while (page < first + extent_pages(extent) &&
           atomic_load_explicit(&zone.firsts[page], memory_order_relaxed) == first + 1) {
        page++;
    }
    return page == first + extent_pages(extent);
}

/* Makes G1 true: an extent that not all its pages name yet has no block yet. */
static void repair(void) {
    size_t used = atomic_load_explicit(&zone.used, memory_order_relaxed);
    for (size_t page = 0; page < used; page++) {
        size_t first = page;
        struct extent *extent = extent_at(&first);
        if (extent != NULL && !is_named_by_all(first, extent)) {
            set_state(extent, CN_GUARDED_NONE);
            extent = NULL;
        }
        if (extent == NULL || page >= first + extent_pages(extent)) {
            atomic_store_explicit(&zone.firsts[page], 0, memory_order_relaxed);
        }
    }
}

/* `next` may lie within an extent that was about to be forgotten. */
static void repair_next(void) {
    size_t first = zone.next;
    const struct extent *extent = extent_at(&first);
    if (extent != NULL && first != zone.next) {
        size_t behind = first + extent_pages(extent);
        zone.next = behind < zone.page_count ? behind : 0;
    }
}

static bool count_live(const struct cn_guarded *guarded, void *argument) {
    size_t *live = argument;
    *live += guarded->state == CN_GUARDED_LIVE || guarded->state == CN_GUARDED_BUSY ? 1 : 0;
    return true;
}

const char *cn_guard_tables(size_t *bytes) {
    *bytes = (uintptr_t)zone.firsts + zone.page_count * sizeof *zone.firsts - (uintptr_t)zone.extents;
    return (const char *)zone.extents;
}

/* The thread that held the lock may have forgotten some of the extents that it was about to, or named some of a new
 * one's pages: those that do not name it yet are free. */
void cn_guard_after_fork(void) {
    size_t live = 0;
    if (cn_lock_renew(&zone.lock)) {
        repair();
        repair_next();
    }
    (void)cn_guard_walk(count_live, &live);
    atomic_store_explicit(&zone.live_count, live, memory_order_relaxed);
}

static bool check_extent(const struct cn_guarded *guarded, void *argument) {
    size_t first = page_of(guarded->pages) - (zone.side == CN_GUARD_BEFORE ? 1 : 0);
    CN_ASSERT(is_named_by_all(first, &zone.extents[first]), "G1: all pages of an extent name it");
    return count_live(guarded, argument);
}

void cn_guard_check(void) {
    size_t live = 0;
    (void)cn_guard_walk(check_extent, &live);
    CN_ASSERT(live == cn_guard_live_count(), "G3: live_count is the number of extents that are live or busy");
}
