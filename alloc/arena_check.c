/*
 * arena_check.c: the invariants of arenas (arena.h), asserted.
 */
#include "arena.h"

#include "bitmap.h"
#include "counts.h"
#include "panic.h"

/* The bits that are set in any of the slot's words of a bitmap. */
static uint64_t bits_of_slot(const _Atomic uint64_t *bitmap, size_t slot) {
    uint64_t bits = 0;
    for (size_t word = slot * CN_SLOT_WORDS; word < (slot + 1) * CN_SLOT_WORDS; word++) {
        bits |= atomic_load_explicit(&bitmap[word], memory_order_relaxed);
    }
    return bits;
}

static void check_free_slot(size_t slot) {
    CN_ASSERT(atomic_load_explicit(&cn_region.owner[slot], memory_order_relaxed) == 0, "A5: a free slot has no owner");
    CN_ASSERT(bits_of_slot(cn_region.live, slot) == 0, "A5: a free slot has no live bit");
    CN_ASSERT(bits_of_slot(cn_region.remote, slot) == 0, "A5: a free slot has no remote bit");
}

/* Other threads may take and give meanwhile: a slot is looked at by who has it to itself. */
static void check_free_slots(size_t arena) {
    for (unsigned slot = 0; slot < CN_ARENA_SLOTS; slot++) {
        if (cn_arena_claim(arena, cn_bits_run(slot, 1))) {
            check_free_slot(arena * CN_ARENA_SLOTS + slot);
            cn_arena_release(arena, cn_bits_run(slot, 1));
        }
    }
}

static void check_fits(size_t arena) {
    uint64_t runs = cn_arena_free_slots(arena);
    for (unsigned level = 0; level < CN_FIT_LEVELS && runs != 0; level++) {
        CN_ASSERT((atomic_load(cn_arena_fits_word(arena, level)) >> arena % 64 & 1) != 0,
                  "A4: where an arena has a run of 2^k free slots, bit k of its fits is set");
        runs &= runs >> (1U << level) % 64;
    }
}

void cn_arena_check(void) {
    for (size_t arena = 0; arena < cn_arena_count(); arena++) {
        check_free_slots(arena);
    }
}

void cn_arena_check_quiet(void) {
    size_t used_slots = 0;
    size_t dirty_slots = 0;
    for (size_t arena = 0; arena < cn_arena_count(); arena++) {
        uint64_t used = atomic_load(&cn_region.arenas[arena].used);
        used_slots += cn_popcount(used);
        dirty_slots += cn_popcount(~used & atomic_load(&cn_region.arenas[arena].dirty));
        check_fits(arena);
    }
    CN_ASSERT(used_slots == cn_count_of(&cn_counts.used_slots), "A3: used_slots counts the slots that are taken");
    CN_ASSERT(dirty_slots == cn_count_of(&cn_counts.dirty_slots),
              "A3: dirty_slots counts the slots that are free and dirty");
}
