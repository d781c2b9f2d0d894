/*
 * arena_test.c: who has which slots (arena.h): taking, giving and extending against a model that knows each slot, runs
 * at every alignment and beyond an arena, the limits, and A3 to A5.
 */
#define _GNU_SOURCE
#include "alloc/arena.h"

#include <sys/mman.h>

#include "alloc/counts.h"
#include "tests/arenas.h"

/* ---- taking and giving --------------------------------------------------------------------------------------- */

static void take_from_the_bottom(void *argument) {
    (void)argument;
    fresh_arenas(0);
    for (size_t i = 0; i < 2 * CN_ARENA_SLOTS; i++) {
        MUST(cn_arena_take(1, 1) == i && cn_arena_has_taken(i));
    }
    cn_arena_give(100, 1);
    cn_arena_give(7, 2);
    cn_arena_give(5, 1);
    MUST(!cn_arena_has_taken(5) && used_slots() == 124 && dirty_slots() == 4);
    MUST(cn_arena_take(2, 1) == 7);
    MUST(cn_arena_take(1, 1) == 5);
    MUST(cn_arena_take(1, 1) == 100);
    MUST(used_slots() == 128 && dirty_slots() == 0 && cn_count_of(&cn_counts.peak_used_slots) == 128);
    check_all();
}

static void runs_come_from_the_lowest_place_that_fits(void **state) {
    (void)state;
    expect_return(take_from_the_bottom, NULL);
}

/* A hole of a size that is no power of two is as good as another. */
static void fill_holes(void *argument) {
    (void)argument;
    fresh_arenas(0);
    static const size_t sizes[] = {3, 5, 7, 11, 33, 48, 63};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t arenas = cn_arena_count();
        size_t first = cn_arena_take(sizes[i], 1);
        size_t rest = cn_arena_take(CN_ARENA_SLOTS - sizes[i], 1);
        MUST(first / CN_ARENA_SLOTS == arenas && rest == first + sizes[i]);
        cn_arena_give(first, sizes[i]);
        MUST(cn_arena_take(sizes[i], 1) == first && cn_arena_count() == arenas + 1);
        cn_arena_give(rest, CN_ARENA_SLOTS - sizes[i]);
        MUST(cn_arena_take(CN_ARENA_SLOTS - sizes[i], 1) == rest);
        check_all();
    }
}

static void holes_of_any_size_are_found_before_the_region_grows(void **state) {
    (void)state;
    expect_return(fill_holes, NULL);
}

static void take_dirty_first(void *argument) {
    (void)argument;
    fresh_arenas(0);
    MUST(cn_arena_take(20, 1) == 0);
    cn_arena_give(4, 2);
    cn_arena_give(10, 2);
    atomic_fetch_and(&cn_region.arenas[0].dirty, ~UINT64_C(0x30)); /* as if 4 and 5 had been purged */
    cn_count_sub(&cn_counts.dirty_slots, 2);
    MUST(cn_arena_take(1, 1) == 10);
    MUST(cn_arena_take(1, 1) == 11);
    MUST(cn_arena_take(1, 1) == 4);
    check_all();
}

static void slots_that_hold_memory_are_taken_before_clean_ones(void **state) {
    (void)state;
    expect_return(take_dirty_first, NULL);
}

static void write_and_clear(void *argument) {
    (void)argument;
    fresh_arenas(0);
    for (size_t count = 1; count <= 200; count = count * 2 + 1) {
        size_t first = cn_arena_take(count, 1);
        MUST(first != SIZE_MAX);
        memset(cn_slot_address(first), 0xee, count * CN_SLOT_BYTES);
        cn_arena_give(first, count);
        first = cn_arena_take(count + 1, 1); /* some dirty, some fresh */
        MUST(first != SIZE_MAX);
        cn_arena_clear(first, count + 1);
        MUST(is_zero(cn_slot_address(first), (count + 1) * CN_SLOT_BYTES));
        cn_arena_give(first, count + 1);
    }
    check_all();
}

static void cleared_runs_read_as_zero(void **state) {
    (void)state;
    expect_return(write_and_clear, NULL);
}

static void fill_to_the_limit(void *argument) {
    (void)argument;
    const size_t all = CN_GROW_ARENAS * CN_ARENA_SLOTS;
    fresh_arenas(CN_GROW_ARENAS);
    MUST(cn_arena_take(all + 1, 1) == SIZE_MAX);
    MUST(cn_arena_take(1, 2 * all) == SIZE_MAX && cn_arena_take(1, (size_t)1 << 46) == SIZE_MAX);
    MUST(cn_arena_take(SIZE_MAX / CN_SLOT_BYTES, 1) == SIZE_MAX);
    MUST(used_slots() == 0);
    MUST(cn_arena_take(all, 1) == 0 && used_slots() == all);
    MUST(cn_arena_take(1, 1) == SIZE_MAX && !cn_arena_extend(0, all, 1));
    cn_arena_give(all / 2, 1);
    MUST(cn_arena_take(2, 1) == SIZE_MAX);
    MUST(cn_arena_take(1, 1) == all / 2);
    check_all();
}

static void region_is_used_up_to_its_last_slot(void **state) {
    (void)state;
    expect_return(fill_to_the_limit, NULL);
}

/* ---- alignment and long runs --------------------------------------------------------------------------------- */

static void expect_aligned(size_t count, size_t alignment) {
    size_t first = cn_arena_take(count, alignment);
    MUST(first != SIZE_MAX);
    MUST(is_aligned(cn_slot_address(first), alignment * CN_SLOT_BYTES));
    MUST(cn_arena_has_taken(first) && cn_arena_has_taken(first + count - 1));
    cn_slot_address(first)[0] = 1;
    cn_slot_address(first + count)[-1] = 1;
}

static void take_aligned(void *argument) {
    (void)argument;
    static const size_t counts[] = {1, 2, 3, 31, 63, 64, 65, 127, 128, 129, 300};
    fresh_arenas(0);
    size_t taken = 0;
    for (size_t alignment = 1; alignment <= 16 * CN_ARENA_SLOTS; alignment *= 2) {
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            expect_aligned(counts[i], alignment);
            taken += counts[i];
        }
    }
    MUST(used_slots() == taken);
    check_all();
}

static void every_alignment_is_kept_up_to_many_arenas(void **state) {
    (void)state;
    expect_return(take_aligned, NULL);
}

static void take_long_runs(void *argument) {
    (void)argument;
    fresh_arenas(0);
    MUST(cn_arena_take(CN_ARENA_SLOTS + 1, 1) == 0);
    MUST(known_arenas() == 2);
    MUST(cn_arena_take(1, 1) == CN_ARENA_SLOTS + 1); /* the end of the last arena is free */
    size_t longer = cn_arena_take(3 * CN_ARENA_SLOTS, 1);
    MUST(longer == 2 * CN_ARENA_SLOTS && known_arenas() == 5);
    cn_arena_give(longer, 3 * CN_ARENA_SLOTS);
    MUST(cn_arena_take(2 * CN_ARENA_SLOTS + 5, 1) == longer && known_arenas() == 5);
    MUST(cn_arena_take(CN_ARENA_SLOTS - 5, 1) == longer + 2 * CN_ARENA_SLOTS + 5);
    check_all();
}

static void long_runs_are_whole_arenas_with_a_free_end(void **state) {
    (void)state;
    expect_return(take_long_runs, NULL);
}

/* ---- extending ----------------------------------------------------------------------------------------------- */

static void extend_within_and_beyond(void *argument) {
    (void)argument;
    fresh_arenas(0);
    MUST(cn_arena_take(10, 1) == 0);
    MUST(cn_arena_extend(0, 10, 5) && used_slots() == 15);
    MUST(cn_arena_take(1, 1) == 15);
    MUST(!cn_arena_extend(0, 15, 1) && !cn_arena_extend(0, 15, 3) && used_slots() == 16);
    MUST(cn_arena_extend(15, 1, 47) && used_slots() == 63);
    MUST(cn_arena_extend(15, 48, 2) && used_slots() == 65 && known_arenas() == 2);
    MUST(cn_arena_extend(15, 50, 500) && used_slots() == 565);
    MUST(!cn_arena_has_taken(565) && cn_arena_has_taken(564));
    cn_slot_address(565)[-1] = 1;
    check_all();
}

static void runs_grow_in_place_into_what_is_free(void **state) {
    (void)state;
    expect_return(extend_within_and_beyond, NULL);
}

/* `argument` points at the slots to extend by; what stands in the way is the third arena's 10th slot of three. */
static void extend_into_a_taken_slot(void *argument) {
    size_t more = *(size_t *)argument;
    fresh_arenas(0);
    MUST(cn_arena_take(3 * CN_ARENA_SLOTS, 1) == 0);
    cn_arena_give(1, 2 * CN_ARENA_SLOTS + 8);
    cn_arena_give(2 * CN_ARENA_SLOTS + 10, CN_ARENA_SLOTS - 10);
    MUST(used_slots() == 2);
    MUST(!cn_arena_extend(0, 1, more));
    MUST(used_slots() == 2);
    check_all();
    MUST(cn_arena_take(2 * CN_ARENA_SLOTS, 1) != SIZE_MAX);
}

static void failed_extension_takes_nothing(void **state) {
    (void)state;
    for (size_t more = 2 * CN_ARENA_SLOTS + 9; more <= 5 * CN_ARENA_SLOTS; more += 31) {
        expect_return(extend_into_a_taken_slot, &more);
    }
}

static void extend_past_the_limit(void *argument) {
    (void)argument;
    fresh_arenas(CN_GROW_ARENAS);
    MUST(cn_arena_take(1, 1) == 0);
    MUST(!cn_arena_extend(0, 1, CN_GROW_ARENAS * CN_ARENA_SLOTS));
    MUST(!cn_arena_extend(0, 1, (size_t)1 << 46) && used_slots() == 1);
    MUST(cn_arena_extend(0, 1, CN_GROW_ARENAS * CN_ARENA_SLOTS - 1));
    check_all();
}

static void extension_ends_at_the_limit(void **state) {
    (void)state;
    expect_return(extend_past_the_limit, NULL);
}

/* ---- claims, and after a fork -------------------------------------------------------------------------------- */

static void claim_and_release(void *argument) {
    (void)argument;
    fresh_arenas(0);
    MUST(cn_arena_take(8, 1) == 0);
    MUST(!cn_arena_claim(0, 1) && !cn_arena_claim(0, 0x180));
    MUST(cn_arena_claim(0, 0xff00) && used_slots() == 8); /* uncounted */
    MUST(!cn_arena_claim(0, 0x8000));
    MUST(cn_arena_take(1, 1) == 16);
    cn_arena_release(0, 0xff00);
    MUST(cn_arena_take(1, 1) == 8);
    check_all();
}

static void claimed_slots_are_nobody_elses_until_released(void **state) {
    (void)state;
    expect_return(claim_and_release, NULL);
}

static void repair_after_fork(void *argument) {
    (void)argument;
    fresh_arenas(0);
    MUST(cn_arena_take(150, 1) == 0);
    cn_arena_give(20, 50);
    atomic_store(&cn_counts.used_slots, 1);
    atomic_store(&cn_counts.dirty_slots, 99);
    atomic_store(&cn_region.fits[3], 0);
    cn_arena_after_fork();
    MUST(used_slots() == 100 && dirty_slots() == 50);
    check_all();
}

static void counts_and_fits_are_derived_anew_after_a_fork(void **state) {
    (void)state;
    expect_return(repair_after_fork, NULL);
}

/* ---- A3 to A5 ------------------------------------------------------------------------------------------------ */

/* Two arenas, the first with slots 2 to 9 taken; slots 0 and 1 are free and dirty. */
static void prepare(void) {
    fresh_arenas(0);
    MUST(cn_arena_take(10, 1) == 0);
    cn_arena_give(0, 2);
    check_all();
}

static void miscount_used(void *argument) {
    (void)argument;
    prepare();
    atomic_fetch_or(&cn_region.arenas[0].used, UINT64_C(1) << 40);
    check_all();
}

static void miscount_dirty(void *argument) {
    (void)argument;
    prepare();
    atomic_fetch_or(&cn_region.arenas[0].dirty, UINT64_C(1) << 40);
    check_all();
}

static void lose_a_fit(void *argument) {
    prepare();
    atomic_fetch_and(&cn_region.fits[*(size_t *)argument], ~UINT64_C(1));
    check_all();
}

static void own_a_free_slot(void *argument) {
    (void)argument;
    prepare();
    atomic_store(&cn_region.owner[1], 0x1230);
    check_all();
}

static void live_in_a_free_slot(void *argument) {
    (void)argument;
    prepare();
    atomic_store(&cn_region.live[63 * CN_SLOT_WORDS + 63], UINT64_C(1) << 63);
    check_all();
}

static void remote_in_a_free_slot(void *argument) {
    (void)argument;
    prepare();
    atomic_store(&cn_region.remote[CN_SLOT_WORDS], 1);
    check_all();
}

static void check_names_what_is_broken(void **state) {
    (void)state;
    expect_invariant(miscount_used, NULL, "A3");
    expect_invariant(miscount_dirty, NULL, "A3");
    for (size_t level = 0; level < 6; level++) { /* 54 free slots have runs of 1 to 32 */
        expect_invariant(lose_a_fit, &level, "A4");
    }
    expect_invariant(own_a_free_slot, NULL, "A5");
    expect_invariant(live_in_a_free_slot, NULL, "A5");
    expect_invariant(remote_in_a_free_slot, NULL, "A5");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_come_from_the_lowest_place_that_fits),
        cmocka_unit_test(holes_of_any_size_are_found_before_the_region_grows),
        cmocka_unit_test(slots_that_hold_memory_are_taken_before_clean_ones),
        cmocka_unit_test(cleared_runs_read_as_zero),
        cmocka_unit_test(region_is_used_up_to_its_last_slot),
        cmocka_unit_test(every_alignment_is_kept_up_to_many_arenas),
        cmocka_unit_test(long_runs_are_whole_arenas_with_a_free_end),
        cmocka_unit_test(runs_grow_in_place_into_what_is_free),
        cmocka_unit_test(failed_extension_takes_nothing),
        cmocka_unit_test(extension_ends_at_the_limit),
        cmocka_unit_test(claimed_slots_are_nobody_elses_until_released),
        cmocka_unit_test(counts_and_fits_are_derived_anew_after_a_fork),
        cmocka_unit_test(check_names_what_is_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
