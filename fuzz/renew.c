#define _GNU_SOURCE
#include "fuzz/renew.h"

#include <string.h>
#include <sys/mman.h>

#include "alloc/bitmap.h"
#include "alloc/heap.h"
#include "fuzz/expect.h"
#include "fuzz/pages.h"
#include "fuzz/system.h"
#include "fuzz/variables.h"

/* So that inputs come to see passes over their pools, which go on a step at a time. */
static const struct cn_heap_search search = {.bytes = 16 << 10, .pace = 0};

/* Where the reservation lies, of which the core's own variables may say nothing any more. */
static char *reservation;
static size_t reservation_bytes;

/* What the debug form has mapped by then, beside the reservation, is kept with its variables. */
static void keep_early(char *start, size_t bytes) {
    if (start != reservation) {
        cn_variables_keep_also(start, bytes);
    }
}

void cn_renew_keep(void) {
    reservation = cn_region.heaps - CN_GAP_BYTES;
    reservation_bytes = (size_t)(cn_region.base - reservation) + cn_region.arena_limit * CN_ARENA_BYTES;
    CN_EXPECT(cn_region.base != NULL && cn_heap_of_thread() == NULL,
              "the allocator has started, and has not been used");
    cn_system_each_early(keep_early);
    cn_heap_search = search;
    cn_variables_keep();
}

void cn_renew(void) {
    cn_system_unmap_rest();
    void *memory = mmap(reservation, reservation_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CN_EXPECT(memory == reservation, "the region's memory can be replaced");
    cn_pages_forget(reservation, reservation_bytes);
    cn_variables_put_back();
}

/* ---- by zeroing ---------------------------------------------------------------------------------------------- */

static void clear_table(unsigned table, size_t bytes) { memset(cn_region.tables[table].start, 0, bytes); }

static void clear_tables(size_t arenas) {
    size_t slots = arenas * CN_ARENA_SLOTS;
    clear_table(CN_TABLE_OWNER, slots * sizeof *cn_region.owner);
    clear_table(CN_TABLE_POOLS, slots * sizeof *cn_region.pools);
    clear_table(CN_TABLE_LIVE, slots * CN_SLOT_WORDS * sizeof *cn_region.live);
    clear_table(CN_TABLE_REMOTE, slots * CN_SLOT_WORDS * sizeof *cn_region.remote);
    clear_table(CN_TABLE_ARENAS, arenas * sizeof *cn_region.arenas);
    clear_table(CN_TABLE_FITS, 8 * sizeof *cn_region.fits);
    if (cn_region.slack_is_enabled) {
        clear_table(CN_TABLE_SLACK, slots * CN_SLOT_GRANULES * sizeof *cn_region.slack);
    }
}

/* To have pages made anew takes longer than to write zeros into those that are there: whatever the debug form has made
 * inaccessible or read-only among them. */
static void clear_resident(char *start, size_t bytes) {
    enum { PAGE_BYTES = 4096, PAGES_MAX = CN_ARENA_BYTES / PAGE_BYTES };
    unsigned char states[PAGES_MAX];
    CN_EXPECT(bytes <= CN_ARENA_BYTES && mprotect(start, bytes, PROT_READ | PROT_WRITE) == 0 &&
                  mincore(start, bytes, states) == 0,
              "memory can be made accessible");
    for (size_t i = 0; i < bytes / PAGE_BYTES; i++) {
        if ((states[i] & 1) != 0) {
            memset(start + i * PAGE_BYTES, 0, PAGE_BYTES);
        }
    }
}

static void clear_slots(char *start, size_t bytes) {
    if (!cn_pages_zero(start, bytes)) {
        clear_resident(start, bytes);
    }
}

/* Of the arena, what may not be zero is what is taken or dirty. */
static void clear_arena(size_t index) {
    const struct cn_arena *arena = &cn_region.arenas[index];
    uint64_t left = atomic_load(&arena->used) | atomic_load(&arena->dirty);
    while (left != 0) {
        unsigned first = cn_ctz(left);
        unsigned run = cn_bits_first_run(left);
        clear_slots(cn_arena_address(index) + (size_t)first * CN_SLOT_BYTES, (size_t)run * CN_SLOT_BYTES);
        left &= ~cn_bits_run(first, run);
    }
    if (CAIRN_DEBUG) {
        clear_resident(cn_slot_notes(index * CN_ARENA_SLOTS), (size_t)CN_ARENA_SLOTS * CN_NOTES_SLOT_BYTES);
    }
}

void cn_renew_quickly(void) {
    size_t arenas = atomic_load(&cn_region.arena_count);
    if (arenas > 64) { /* beyond the first words of `fits` */
        cn_renew();
        return;
    }
    cn_system_unmap_rest();
    for (size_t i = 0; i < arenas; i++) {
        clear_arena(i);
    }
    if (arenas > 0) {
        clear_tables(arenas);
    }
    for (size_t i = 0; i < cn_heap_count(); i++) { /* what magazines held stays: it is beyond their tops */
        memset(cn_heap_at(i), 0, sizeof(struct cairn_heap));
    }
    cn_variables_put_back();
}

/* ---- running ------------------------------------------------------------------------------------------------- */

static bool is_kept; /* not within the function: clang names such a one as if it were the core's */

void cn_renew_and_run(void (*run)(void *), void *argument) {
    if (!is_kept) {
        cn_renew_keep();
        if (!CAIRN_DEBUG) { /* which writes more than the program does */
            cn_pages_watch(cn_region.base);
        }
        is_kept = true;
    }
    cn_renew_quickly();
    cn_system_run_quietly(run, argument);
}
