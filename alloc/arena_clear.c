/*
 * arena_clear.c: slots become zero (arena.h).
 *
 * A slot that was given back counts as dirty even if its program hardly touched it. So of a long run the system is
 * asked which pages are in memory, and each slot is
 *
 *   written, where half of its pages or more are: what a page costs that is given back and touched again, more than
 *            1 us, would write fifty that are in memory;
 *   given back otherwise, whether any page is in memory or none: what is swapped out is not in memory, and is not
 *            zero. To give back what holds nothing costs the call alone.
 *
 * So a clearing at most doubles what a run holds. Where the system refuses, as for locked memory, all is written.
 */
#include "arena.h"

#include <string.h>

#include "bitmap.h"
#include "counts.h"
#include "os_watch.h"

enum { ASK_MIN_SLOTS = CN_ASK_MIN_BYTES / CN_SLOT_BYTES };

static void write_zeros(size_t slot, size_t count) {
    char *start = cn_slot_address(slot);
    cn_watch_show(start, count << CN_SLOT_SHIFT);
    memset(start, 0, count << CN_SLOT_SHIFT);
    cn_watch_hide(start, count << CN_SLOT_SHIFT);
}

static void give_back(size_t slot, size_t count, size_t resident_bytes) {
    if (cn_os_purge(cn_slot_address(slot), count << CN_SLOT_SHIFT)) {
        (void)cn_count_add(&cn_counts.purged_bytes, resident_bytes);
    } else {
        write_zeros(slot, count);
    }
}

static bool is_in_use(size_t resident_bytes) { return resident_bytes >= CN_SLOT_BYTES / 2; }

/* Clears the first slots of the run, as many as are alike. Returns how many they are. */
static size_t clear_alike(size_t slot, size_t count, const size_t *resident) {
    size_t done = 0;
    size_t bytes = 0;
    while (done < count && is_in_use(resident[done]) == is_in_use(resident[0])) {
        bytes += resident[done++];
    }
    if (is_in_use(resident[0])) {
        write_zeros(slot, done);
    } else {
        give_back(slot, done, bytes);
    }
    return done;
}

static void clear_run(size_t slot, size_t count) {
    size_t resident[CN_ARENA_SLOTS];
    if (count < ASK_MIN_SLOTS || !cn_os_resident_pieces(cn_slot_address(slot), CN_SLOT_BYTES, count, resident)) {
        write_zeros(slot, count);
        return;
    }
    for (size_t done = 0; done < count;) {
        done += clear_alike(slot + done, count - done, resident + done);
    }
}

/* Slots of one arena. */
static bool clear_part(size_t index, uint64_t mask) {
    uint64_t dirty = atomic_load_explicit(&cn_region.arenas[index].dirty, memory_order_relaxed) & mask;
    while (dirty != 0) {
        unsigned first = cn_ctz(dirty);
        unsigned length = cn_bits_first_run(dirty);
        clear_run(index * CN_ARENA_SLOTS + first, length);
        dirty &= ~cn_bits_run(first, length);
    }
    return true;
}

void cn_arena_clear(size_t first, size_t count) { (void)cn_arena_for_each(first, count, clear_part); }
