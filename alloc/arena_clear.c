/*
 * arena_clear.c: slots become zero (arena.h).
 *
 * A slot that was given back counts as dirty even if its program hardly touched it, and to write it brings all of it into
 * memory. So dirty slots of a long run go back to the system, whatever they hold; those of a shorter one are written, which
 * is quicker by far where they are used again. For locked memory, which the system does not take back, they all are.
 *
 * Which pages are in memory is not asked: a program that has shut itself off from most system calls may be ended for
 * one that the C library's malloc never makes.
 */
#include "arena.h"

#include <string.h>

#include "bitmap.h"
#include "counts.h"
#include "os_watch.h"

enum { WRITE_MAX_SLOTS = CN_CLEAR_MAX_BYTES / CN_SLOT_BYTES };

static void write_zeros(size_t slot, size_t count) {
    char *start = cn_slot_address(slot);
    cn_watch_show(start, count << CN_SLOT_SHIFT);
    memset(start, 0, count << CN_SLOT_SHIFT);
    cn_watch_hide(start, count << CN_SLOT_SHIFT);
}

static void give_back(size_t slot, size_t count) {
    if (cn_os_purge(cn_slot_address(slot), count << CN_SLOT_SHIFT)) {
        (void)cn_count_add(&cn_counts.purged_bytes, count << CN_SLOT_SHIFT);
    } else {
        write_zeros(slot, count);
    }
}

/* What is dirty of an arena's slots. */
static void clear_part(size_t index, uint64_t mask, void (*clear)(size_t slot, size_t count)) {
    uint64_t dirty = atomic_load_explicit(&cn_region.arenas[index].dirty, memory_order_relaxed) & mask;
    while (dirty != 0) {
        unsigned first = cn_ctz(dirty);
        unsigned length = cn_bits_first_run(dirty);
        clear(index * CN_ARENA_SLOTS + first, length);
        dirty &= ~cn_bits_run(first, length);
    }
}

static bool write_part(size_t index, uint64_t mask) {
    clear_part(index, mask, write_zeros);
    return true;
}

static bool give_back_part(size_t index, uint64_t mask) {
    clear_part(index, mask, give_back);
    return true;
}

void cn_arena_clear(size_t first, size_t count) {
    (void)cn_arena_for_each(first, count, count <= WRITE_MAX_SLOTS ? write_part : give_back_part);
}
