#include "unowned.h"

#include "alloc/arena.h"
#include "alloc/bitmap.h"
#include "alloc/os.h"
#include "canary.h"
#include "duty.h"
#include "record.h"

/* Memory that nobody has, and bytes of it that were written. */
struct wild {
    const char *run;
    const char *run_end;
    bool is_of_pool;
    bool is_unasked;   /* all is read; else it is asked which pages are in memory */
    const char *first; /* NULL: none */
    const char *end;
};

/* ---- whose write it is ------------------------------------------------------------------------------------------- */

enum { NEAR_BYTES = 4096 };

static char *user_of(const struct cn_known *known) {
    return known->core + cn_record_head_of(cn_record_load(known->record));
}

static bool is_live(const struct cn_known *known) {
    return known->kind != CN_BLOCK_NONE && cn_record_state_of(cn_record_load(known->record)) == CN_RECORD_LIVE;
}

static bool is_freed_span(const struct cn_known *known) {
    return known->kind == CN_BLOCK_SPAN && cn_record_state_of(cn_record_load(known->record)) == CN_RECORD_FREE;
}

/* The large block that was freed last of those that the address was in: one that starts in its slot, or before. Of kind NONE where
 * none does, or what was here last may have been a pool. */
static struct cn_known find_freed(const char *address) {
    enum { SLOTS_MAX = 1024 };
    struct cn_known found = cn_record_around(address);
    size_t slot = (size_t)(address - cn_region.base) >> CN_SLOT_SHIFT;
    if (!is_freed_span(&found)) {
        return (struct cn_known){.kind = CN_BLOCK_NONE};
    }
    for (size_t before = 1; before <= cn_min(slot, SLOTS_MAX); before++) {
        struct cn_known known = cn_record_around(cn_slot_address(slot - before));
        bool is_around = is_freed_span(&known) && address < known.core + known.core_bytes;
        if (is_around &&
            cn_record_serial_of(cn_record_load(known.record)) > cn_record_serial_of(cn_record_load(found.record))) {
            found = known;
        }
    }
    return found;
}

/* The live block at whose end the run starts, but for the slack of its pool; of kind NONE where there is none. */
static struct cn_known find_before(const struct wild *wild) {
    struct cn_known none = {.kind = CN_BLOCK_NONE};
    for (const char *at = wild->run; at > wild->run - NEAR_BYTES && at > cn_region.base; at -= CN_GRANULE_BYTES) {
        struct cn_known known = cn_record_around(at - 1);
        if (known.kind != CN_BLOCK_NONE) {
            return is_live(&known) ? known : none;
        }
    }
    return none;
}

/* The same bytes can be written again: they are made good after each report. */
static void tell(enum cn_kind kind, const struct cn_known *known, const struct wild *wild, const struct cn_look *look) {
    struct cn_incident incident = cn_incident_of(kind, look, NULL, known);
    incident.damage = wild->first;
    incident.damage_bytes = (size_t)(wild->end - wild->first);
    cn_report(&incident);
}

/* A write that starts near the end of the block before, or ends near the start of the one behind, is that one's; else that to a
 * large block that was here last, where that is known. */
static void report(const struct wild *wild, const struct cn_look *look) {
    struct cn_known before = find_before(wild);
    struct cn_known behind = cn_record_around(wild->run_end);
    size_t from_before = NEAR_BYTES;
    size_t to_behind = NEAR_BYTES;
    if (is_live(&before)) {
        from_before = (size_t)(wild->first - (user_of(&before) + cn_record_size(before.record)));
    }
    if (is_live(&behind)) {
        to_behind = (size_t)(user_of(&behind) - wild->end);
    }
    if (from_before < NEAR_BYTES && from_before <= to_behind) {
        tell(CN_KIND_HEAP_BUFFER_OVERFLOW, &before, wild, look);
    } else if (to_behind < NEAR_BYTES) {
        tell(CN_KIND_HEAP_BUFFER_UNDERFLOW, &behind, wild, look);
    } else {
        struct cn_known freed = find_freed(wild->first);
        bool was_freed = freed.kind != CN_BLOCK_NONE;
        tell(was_freed ? CN_KIND_HEAP_USE_AFTER_FREE : CN_KIND_HEAP_BUFFER_OVERFLOW, &freed, wild, look);
    }
}

/* ---- looking ----------------------------------------------------------------------------------------------------- */

/* Whether all of it is the freed fill, or zero still: so is what a pool is about to hand out, when a signal's handler looks at
 * it, in whatever order it is filled. */
static bool is_filled(const struct wild *wild) {
    const char *at = wild->first;
    while (at < wild->end && (*at == 0 || (unsigned char)*at == cn_fill_freed)) {
        at++;
    }
    return wild->is_of_pool && at == wild->end;
}

/* Reports what was found so far, if anything, and makes it zero. */
static void conclude(struct wild *wild, const struct cn_look *look) {
    if (wild->first != NULL && !is_filled(wild)) {
        report(wild, look);
        cn_fill_write((char *)(uintptr_t)wild->first, wild->end, 0); // NOLINT: of memory that is the caller's
    }
    wild->first = NULL;
}

/* What is wrong up to the end of a page, and from the start of the next, is one write. */
static void check_page(struct wild *wild, const char *page, const char *page_end, const struct cn_look *look) {
    const char *first = cn_fill_check(page, page_end, 0);
    if (first == NULL) {
        return;
    }
    if (wild->first == NULL || wild->end != first) {
        conclude(wild, look);
        wild->first = first;
    }
    wild->end = cn_fill_damage_end(first, page_end, 0);
}

/* Pages that are not in memory cannot have been written. Most memory is asked about slot by slot. */
static void check_slot(struct wild *wild, const char *from, const char *to, const struct cn_look *look) {
    size_t page_bytes = cn_os_page_bytes();
    const char *page = from - (uintptr_t)from % page_bytes;
    bool is_one_page = (size_t)(to - page) <= page_bytes;
    if (!wild->is_unasked && !is_one_page && cn_os_resident_bytes(page, (size_t)(to - page)) == 0) {
        return;
    }
    for (; page < to; page += page_bytes) {
        if (wild->is_unasked || cn_os_resident_bytes(page, page_bytes) != 0) {
            check_page(wild, page < from ? from : page, page + page_bytes < to ? page + page_bytes : to, look);
        }
    }
}

static void check_run(struct wild *wild, const struct cn_look *look) {
    for (const char *from = wild->run; from < wild->run_end;) {
        size_t bytes = cn_min((size_t)(wild->run_end - from), CN_SLOT_BYTES - (uintptr_t)from % CN_SLOT_BYTES);
        check_slot(wild, from, from + bytes, look);
        from += bytes;
    }
    conclude(wild, look);
}

void cn_unowned_check_bytes(const char *from, const char *to, const struct cn_look *look) {
    struct wild wild = {.run = from, .run_end = to, .is_of_pool = true};
    check_run(&wild, look);
}

void cn_unowned_check_unasked(const char *from, const char *to, const struct cn_look *look) {
    struct wild wild = {.run = from, .run_end = to, .is_of_pool = true, .is_unasked = true};
    check_run(&wild, look);
}

/* Whether the slots became the caller's, and are as they should be: one that was given meanwhile may be dirty. */
static bool claim(size_t index, uint64_t mask) {
    const struct cn_arena *arena = &cn_region.arenas[index];
    if (mask == 0 || !atomic_load_explicit(&arena->is_committed, memory_order_acquire) ||
        !cn_arena_claim(index, mask)) {
        return false;
    }
    if ((atomic_load_explicit(&arena->dirty, memory_order_relaxed) & mask) != 0) {
        cn_arena_release(index, mask);
        return false;
    }
    return true;
}

static void release(void *arena, uint64_t mask) {
    cn_arena_release((size_t)((const struct cn_arena *)arena - cn_region.arenas), mask);
}

static void check_arena(size_t index, const struct cn_look *look) {
    const struct cn_arena *arena = &cn_region.arenas[index];
    uint64_t mask = cn_arena_free_slots(index) & ~atomic_load_explicit(&arena->dirty, memory_order_relaxed);
    if (!claim(index, mask)) {
        return;
    }
    size_t duty = cn_duty_begin(release, &cn_region.arenas[index], mask);
    for (uint64_t left = mask; left != 0;) {
        unsigned first = cn_ctz(left);
        unsigned slots = cn_bits_first_run(left);
        const char *run = cn_slot_address(index * CN_ARENA_SLOTS + first);
        struct wild wild = {.run = run, .run_end = run + (size_t)slots * CN_SLOT_BYTES};
        check_run(&wild, look);
        left &= ~cn_bits_run(first, slots);
    }
    if (cn_duty_end(duty)) {
        cn_arena_release(index, mask);
    }
}

void cn_unowned_check(const struct cn_look *look) {
    size_t arenas = cn_arena_count();
    for (size_t i = 0; i < arenas; i++) {
        check_arena(i, look);
    }
}
