#include "scan.h"

#include <string.h>

#include "alloc/guard.h"
#include "alloc/heap.h"
#include "alloc/os.h"
#include "alloc/region.h"
#include "audit.h"
#include "exclusion.h"
#include "maps.h"
#include "touched.h"

enum {
    COPY_BYTES = 64 << 10,
    ASKED_FROM_BYTES = 256 << 10, /* whether it was touched */
    WORD_BYTES = sizeof(uintptr_t),
    DIRECT_MAX = 4096, /* blocks outside of the region */
};

/* Notes about a live block, two bits each. */
enum { REACHED = 1, POINTED_AT = 2, NOTE_BITS = 2, NOTES_A_BYTE = 8 / NOTE_BITS };

struct direct_note {
    const char *core;
    uint8_t bits;
};

struct notes {
    uint8_t *start;
    size_t bytes;
};

struct scan {
    struct notes of_region; /* by granule, at which a block of the core starts */
    struct notes of_zone;   /* of guarded blocks, by page */
    struct direct_note direct[DIRECT_MAX];
    size_t direct_count;
    uintptr_t direct_low; /* no direct block lies outside of these */
    uintptr_t direct_high;

    /* Reachable blocks that are still to be looked at. Each gets in once. */
    const char **waiting; /* by their first bytes */
    size_t waiting_bytes;
    size_t waiting_count;
    size_t live_count;

    struct cn_exclusion exclusion;
    bool is_complete;
    uintptr_t copy[COPY_BYTES / WORD_BYTES];
};

static struct scan *scan; /* a mapping; NULL: there was none, or it is over */

/* ---- notes --------------------------------------------------------------------------------------------------- */

/* A guarded block's head may reach beyond its pages; its bytes do not. */
static size_t guarded_place(const struct cn_known *known) {
    const char *user = known->core + cn_record_head_of(cn_record_load(known->record));
    return (size_t)(user - cn_guard_zone.start) / cn_os_page_bytes();
}

static struct direct_note *find_direct(const char *core) {
    for (size_t i = 0; i < scan->direct_count; i++) {
        if (scan->direct[i].core == core) {
            return &scan->direct[i];
        }
    }
    return NULL;
}

/* Where the block's two bits are: in the byte, from *shift on. NULL where there is no room for any. */
static uint8_t *find_note(const struct cn_known *known, unsigned *shift) {
    *shift = 0;
    if (known->kind == CN_BLOCK_DIRECT) {
        struct direct_note *note = find_direct(known->core);
        return note != NULL ? &note->bits : NULL;
    }
    bool is_guarded = known->kind == CN_BLOCK_GUARDED;
    size_t place = is_guarded ? guarded_place(known) : (size_t)(known->core - cn_region.base) >> CN_GRANULE_SHIFT;
    const struct notes *notes = is_guarded ? &scan->of_zone : &scan->of_region;
    *shift = (unsigned)(place % NOTES_A_BYTE * NOTE_BITS);
    return place / NOTES_A_BYTE < notes->bytes ? notes->start + place / NOTES_A_BYTE : NULL;
}

/* Of a block that was made since the scan began nothing is said but that it is reachable. */
static unsigned bits_of(const struct cn_known *known) {
    unsigned shift;
    const uint8_t *note = find_note(known, &shift);
    return note != NULL ? *note >> shift & (REACHED | POINTED_AT) : REACHED;
}

static void add_bits(const struct cn_known *known, unsigned bits) {
    unsigned shift;
    uint8_t *note = find_note(known, &shift);
    if (note != NULL) {
        *note |= (uint8_t)(bits << shift);
    }
}

/* ---- words --------------------------------------------------------------------------------------------------- */

typedef void found_fn(const struct cn_known *known, const char *user);

/* Another thread may be in the midst of a realloc of the block. */
static bool is_in_use(enum cn_record_state state) { return state == CN_RECORD_LIVE || state == CN_RECORD_BUSY; }

/* The live block that the address is of. One past the end is not of it; a block of size 0 has an address too. */
static bool find_live(uintptr_t address, struct cn_known *known, const char **user) {
    *known = cn_record_around((const void *)address); // NOLINT(performance-no-int-to-ptr): it may be anything
    if (known->kind == CN_BLOCK_NONE) {
        return false;
    }
    struct cn_facts facts = cn_record_facts(known->record);
    *user = known->core + facts.head_bytes;
    return is_in_use(facts.state) && address - (uintptr_t)*user < cn_max(facts.size_bytes, 1);
}

static bool may_be_of_block(uintptr_t word) {
    return cn_region_covers((word - (uintptr_t)cn_region.base) >> CN_GRANULE_SHIFT) ||
           cn_guard_covers((const void *)word) || // NOLINT(performance-no-int-to-ptr): it may be anything
           (word >= scan->direct_low && word < scan->direct_high);
}

static void look_at_words(const uintptr_t *words, size_t count, found_fn *found) {
    for (size_t i = 0; i < count; i++) {
        struct cn_known known;
        const char *user;
        if (CN_UNLIKELY(may_be_of_block(words[i])) && find_live(words[i], &known, &user)) {
            found(&known, user);
        }
    }
}

static void look_at_bytes(uintptr_t from, uintptr_t to, found_fn *found) {
    from = cn_round_up(from, WORD_BYTES);
    while (from + WORD_BYTES <= to) {
        size_t wanted = cn_min(to - from, COPY_BYTES) / WORD_BYTES * WORD_BYTES;
        size_t got = cn_os_peek((const void *)from, scan->copy, wanted); // NOLINT(performance-no-int-to-ptr)
        look_at_words(scan->copy, got / WORD_BYTES, found);
        size_t page = cn_os_page_bytes();
        from = got < wanted ? cn_round_up(from + got + 1, page) : from + wanted; /* past the page that cannot be read */
    }
}

/* Small pieces are nearly always touched. */
static void look_at_memory(uintptr_t from, uintptr_t to, bool is_shared, found_fn *found) {
    uintptr_t piece_end;
    if (to - from < ASKED_FROM_BYTES) {
        look_at_bytes(from, to, found);
        return;
    }
    for (uintptr_t at = from; cn_touched_next(&at, to, is_shared, &piece_end); at = piece_end) {
        look_at_bytes(at, piece_end, found);
    }
}

/* ---- from the roots ------------------------------------------------------------------------------------------ */

static void reach(const struct cn_known *known, const char *user) {
    if ((bits_of(known) & REACHED) != 0) {
        return;
    }
    if (scan->waiting_count * sizeof *scan->waiting == scan->waiting_bytes) {
        scan->is_complete = false; /* blocks were made meanwhile */
        return;
    }
    add_bits(known, REACHED);
    scan->waiting[scan->waiting_count++] = user;
}

static void look_into_block(const char *user, found_fn *found) {
    struct cn_known known = cn_record_around(user);
    look_at_memory((uintptr_t)user, (uintptr_t)user + cn_record_size(known.record), false, found);
}

static void reach_all(void) {
    while (scan->waiting_count > 0) {
        look_into_block(scan->waiting[--scan->waiting_count], reach);
    }
}

static bool is_root(const struct cn_mapping *mapping) {
    bool is_file = cn_maps_is_file(mapping);
    bool is_device = is_file && strncmp(mapping->path, "/dev/", strlen("/dev/")) == 0;
    return mapping->is_readable && !is_device && (!is_file || (mapping->is_writable && !mapping->is_shared));
}

static void look_at_roots_in(uintptr_t at, uintptr_t end, bool is_shared) {
    uintptr_t to;
    while (cn_exclusion_next(&scan->exclusion, &at, end, &to)) {
        look_at_memory(at, to, is_shared, reach);
        reach_all();
        at = to;
    }
}

/* Of a file, read-only, and the process's own: data that were written once, if those that can be written follow. */
struct read_only {
    uintptr_t start;
    uintptr_t end;
};

static bool look_at_mapping(const struct cn_mapping *mapping, void *argument) {
    struct read_only *before = argument;
    if (mapping->is_writable && mapping->start == before->end) {
        look_at_roots_in(before->start, before->end, false);
    }
    if (is_root(mapping)) {
        look_at_roots_in(mapping->start, mapping->end, mapping->is_shared);
    }
    bool is_read_only = mapping->is_readable && !mapping->is_writable && !mapping->is_shared && !mapping->is_executable;
    *before = is_read_only ? (struct read_only){mapping->start, mapping->end} : (struct read_only){0, 0};
    return true;
}

/* What heaps hand to the program's callbacks lies among Cairn's tables. */
static void look_at_arguments(void) {
    for (size_t i = 0; i < cn_heap_count(); i++) {
        const struct cairn_heap *heap = cn_heap_at(i);
        if (cn_heap_state(heap) == CN_HEAP_NAMED && heap->on_budget != NULL) {
            uintptr_t argument = (uintptr_t)heap->on_budget_argument;
            look_at_words(&argument, 1, reach);
        }
    }
}

static bool look_at_roots(const struct cn_stopped *stopped) {
    for (size_t i = 0; i < stopped->count; i++) {
        look_at_words(stopped->threads[i].registers, stopped->threads[i].words, reach);
    }
    look_at_arguments();
    reach_all();
    return cn_maps_walk(look_at_mapping, &(struct read_only){0, 0});
}

/* ---- among the lost ------------------------------------------------------------------------------------------ */

static const struct cn_record *looked_into; /* the lost block at hand: what points to itself does not count */

static void point_at(const struct cn_known *known, const char *user) {
    (void)user;
    if (known->record != looked_into) {
        add_bits(known, POINTED_AT);
    }
}

static bool look_into_lost(const struct cn_known *known, uint64_t word, void *argument) {
    (void)argument;
    if (cn_record_state_of(word) == CN_RECORD_LIVE && (bits_of(known) & REACHED) == 0) {
        looked_into = known->record;
        look_into_block(known->core + cn_record_head_of(word), point_at);
    }
    return true;
}

/* ---- the whole ----------------------------------------------------------------------------------------------- */

static bool count_live(const struct cn_known *known, uint64_t word, void *argument) {
    (void)argument;
    if (!is_in_use(cn_record_state_of(word))) {
        return true;
    }
    scan->live_count++;
    if (known->kind == CN_BLOCK_DIRECT && scan->direct_count < DIRECT_MAX) {
        uintptr_t start = (uintptr_t)known->core;
        scan->direct[scan->direct_count++].core = known->core;
        scan->direct_low = scan->direct_low == 0 || start < scan->direct_low ? start : scan->direct_low;
        scan->direct_high = cn_max(scan->direct_high, start + known->core_bytes);
        cn_exclusion_add(&scan->exclusion, start, start + known->core_bytes);
    }
    return true;
}

static void *map_notes(size_t bytes) {
    size_t rounded = cn_round_up(cn_max(bytes, 1), cn_os_page_bytes());
    void *memory = cn_os_map(rounded, cn_os_page_bytes());
    if (memory != NULL && scan != NULL) {
        cn_exclusion_add(&scan->exclusion, (uintptr_t)memory, (uintptr_t)memory + rounded);
    }
    return memory;
}

static bool init(void) {
    scan = map_notes(sizeof *scan);
    if (scan == NULL) {
        return false;
    }
    cn_exclusion_add(&scan->exclusion, (uintptr_t)scan, (uintptr_t)scan + sizeof *scan);
    (void)cn_audit_blocks(NULL, count_live, NULL);
    scan->of_region.bytes = atomic_load(&cn_region.granules) / NOTES_A_BYTE;
    scan->of_region.start = map_notes(scan->of_region.bytes);
    scan->of_zone.bytes = atomic_load(&cn_guard_zone.bytes) / cn_os_page_bytes() / NOTES_A_BYTE;
    scan->of_zone.start = map_notes(scan->of_zone.bytes);
    scan->waiting_bytes = scan->live_count * sizeof *scan->waiting;
    scan->waiting = map_notes(scan->waiting_bytes);
    scan->is_complete = true;
    return scan->of_region.start != NULL && scan->of_zone.start != NULL && scan->waiting != NULL;
}

/* The system may forbid a process to read its own memory as if it were another's. */
static bool can_read(void) {
    return cn_os_peek((const char *)scan, (char *)scan->copy, sizeof scan->copy[0]) == sizeof scan->copy[0];
}

bool cn_scan_run(const struct cn_stopped *stopped) {
    if (!init() || !can_read()) {
        return false;
    }
    cn_exclusion_add_memory_of_cairn(&scan->exclusion);
    cn_exclusion_add_stacks(&scan->exclusion, stopped);
    cn_touched_begin();
    bool is_done = look_at_roots(stopped);
    if (is_done) {
        (void)cn_audit_blocks(NULL, look_into_lost, NULL);
    }
    cn_touched_end();
    return is_done && scan->is_complete && cn_exclusion_is_complete(&scan->exclusion);
}

static void unmap_notes(void *memory, size_t bytes) {
    if (memory != NULL) {
        cn_os_unmap(memory, cn_round_up(cn_max(bytes, 1), cn_os_page_bytes()));
    }
}

void cn_scan_fini(void) {
    if (scan != NULL) {
        unmap_notes(scan->of_region.start, scan->of_region.bytes);
        unmap_notes(scan->of_zone.start, scan->of_zone.bytes);
        unmap_notes(scan->waiting, scan->waiting_bytes);
        unmap_notes(scan, sizeof *scan);
        scan = NULL;
    }
}

enum cn_scan_fate cn_scan_fate_of(const struct cn_known *known) {
    unsigned bits = bits_of(known);
    if ((bits & REACHED) != 0) {
        return CN_SCAN_REACHABLE;
    }
    return (bits & POINTED_AT) != 0 ? CN_SCAN_LOST_INDIRECTLY : CN_SCAN_LOST;
}
