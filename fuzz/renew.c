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

/* Where the reservation lies, of which the core's own variables may say nothing any more. */
static char *reservation;
static size_t reservation_bytes;

void cn_renew_keep(void) {
    reservation = cn_region.heaps - CN_GAP_BYTES;
    reservation_bytes = (size_t)(cn_region.base - reservation) + cn_region.arena_limit * CN_ARENA_BYTES;
    CN_EXPECT(cn_region.base != NULL && cn_heap_of_thread() == NULL,
              "the allocator has started, and has not been used");
    cn_variables_keep();
}

static void put_back_variables(void) {
    cn_variables_put_back();
    cn_heap_mine = &cn_heap_none;
}

void cn_renew(void) {
    cn_system_unmap_rest();
    void *memory = mmap(reservation, reservation_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CN_EXPECT(memory == reservation, "the region's memory can be replaced");
    cn_pages_forget(reservation, reservation_bytes);
    put_back_variables();
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
}

/* To fault few pages in again takes longer than to write zeros. The debug form has some that cannot be written. */
static void clear_slots(char *start, unsigned slots) {
    enum { FEW_SLOTS = 4 };
    size_t bytes = (size_t)slots * CN_SLOT_BYTES;
    if (cn_pages_zero(start, bytes)) {
        return;
    }
    if (!CAIRN_DEBUG && slots <= FEW_SLOTS) {
        memset(start, 0, bytes);
        return;
    }
    CN_EXPECT(madvise(start, bytes, MADV_DONTNEED) == 0, "memory can be purged");
}

/* Of the arena, what may not be zero is what is taken or dirty. */
static void clear_arena(size_t index) {
    const struct cn_arena *arena = &cn_region.arenas[index];
    uint64_t left = atomic_load(&arena->used) | atomic_load(&arena->dirty);
    while (left != 0) {
        unsigned first = cn_ctz(left);
        unsigned run = cn_bits_first_run(left);
        char *start = cn_arena_address(index) + (size_t)first * CN_SLOT_BYTES;
        clear_slots(start, run);
        left &= ~cn_bits_run(first, run);
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
    put_back_variables();
}

/* ---- running ------------------------------------------------------------------------------------------------- */

static bool is_kept; /* not within the function: clang names such a one as if it were the core's */

void cn_renew_and_run(void (*run)(void *), void *argument) {
    if (CAIRN_DEBUG) {
        run(argument);
        return;
    }
    if (!is_kept) {
        cn_renew_keep();
        cn_pages_watch(cn_region.base);
        is_kept = true;
    }
    cn_renew_quickly();
    cn_system_run_quietly(run, argument);
}
