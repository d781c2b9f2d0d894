/*
 * purge_test.c: which memory of free slots goes back, and when (purge.h): the retention after every give, the breath of
 * a process that takes again what it has just given, whole arenas, and what memory reads as afterwards.
 */
#define _GNU_SOURCE
#include "alloc/purge.h"

#include "alloc/arena.h"
#include "alloc/counts.h"
#include "tests/fresh.h"
#include "tests/threads.h"

/* No other thread is at work. */
static void check_arenas(void) {
    cn_arena_check();
    cn_arena_check_quiet();
}

static const size_t retained_slots = 8 * MIB / CN_SLOT_BYTES; /* whatever else is in use */

static void fresh_arenas(void) {
    fresh_region(0);
    memset((void *)&cn_counts, 0, sizeof cn_counts);
}

static size_t used_slots(void) { return cn_count_of(&cn_counts.used_slots); }
static size_t dirty_slots(void) { return cn_count_of(&cn_counts.dirty_slots); }
static size_t committed_arenas(void) { return cn_count_of(&cn_counts.committed_arenas); }

static size_t take_touched(size_t count) {
    size_t first = cn_arena_take(count, 1);
    MUST(first != SIZE_MAX);
    for (size_t slot = first; slot < first + count; slot++) {
        cn_slot_address(slot)[slot % CN_SLOT_BYTES] = 1;
    }
    return first;
}

/* ---- retention ----------------------------------------------------------------------------------------------- */

static void rise_and_fall(void *argument) {
    size_t run = *(size_t *)argument;
    const size_t all = GIB / CN_SLOT_BYTES;
    fresh_arenas();
    for (size_t slot = 0; slot < all; slot += run) {
        MUST(cn_arena_take(run, 1) != SIZE_MAX);
    }
    for (size_t slot = 0; slot < all; slot += run) {
        cn_purge_give(slot, run);
        MUST(dirty_slots() <= retained_slots + used_slots() / 8);
    }
    MUST(used_slots() == 0 && cn_count_of(&cn_counts.peak_used_slots) == all);
    MUST(committed_arenas() * CN_ARENA_SLOTS <= retained_slots + CN_ARENA_SLOTS);
    MUST(cn_count_of(&cn_counts.purged_bytes) == (all - dirty_slots()) * CN_SLOT_BYTES);
    check_arenas();
}

static void peak_goes_back_as_it_falls(void **state) {
    (void)state;
    for (size_t run = 4; run <= 64; run *= 4) {
        expect_return(rise_and_fall, &run);
    }
}

static void give_little(void *argument) {
    (void)argument;
    fresh_arenas();
    size_t first = take_touched(retained_slots);
    cn_purge_give(first, retained_slots);
    MUST(dirty_slots() == retained_slots && cn_count_of(&cn_counts.purged_bytes) == 0);
    MUST(cn_arena_resident_bytes() > 0);
    check_arenas();
}

static void what_is_within_the_retention_stays(void **state) {
    (void)state;
    expect_return(give_little, NULL);
}

/* ---- breath -------------------------------------------------------------------------------------------------- */

enum { BREATH_SLOTS = 2000 };

static void breathe(unsigned times) {
    for (unsigned i = 0; i < times; i++) {
        size_t first = cn_arena_take(BREATH_SLOTS, 1);
        MUST(first != SIZE_MAX);
        cn_purge_give(first, BREATH_SLOTS);
    }
}

/* Whether it took so little time that the breath cannot have been halved. */
static bool keeps_breath(void) {
    double start = seconds_now();
    fresh_arenas();
    breathe(3);
    size_t purged = cn_count_of(&cn_counts.purged_bytes);
    breathe(10);
    bool is_kept = cn_count_of(&cn_counts.purged_bytes) == purged;
    bool was_quick = seconds_now() - start < 0.8;
    MUST(is_kept || !was_quick);
    check_arenas();
    return was_quick;
}

static void breathe_in_and_out(void *argument) {
    (void)argument;
    unsigned attempts = 0;
    while (!keeps_breath()) {
        MUST(++attempts < 30);
    }
}

static void process_that_breathes_keeps_its_breath(void **state) {
    (void)state;
    expect_return(breathe_in_and_out, NULL);
}

static void hold_breath(void *argument) {
    (void)argument;
    fresh_arenas();
    breathe(4);
    size_t breath = cn_count_of(&cn_counts.breath_slots);
    MUST(breath > 0);
    struct timespec while_it_halves = {2, 200 * 1000 * 1000};
    nanosleep(&while_it_halves, NULL);
    breathe(1);
    MUST(cn_count_of(&cn_counts.breath_slots) <= breath / 2);
    check_arenas();
}

static void breath_fades_while_it_is_not_used(void **state) {
    (void)state;
    expect_return(hold_breath, NULL);
}

/* ---- all of it ----------------------------------------------------------------------------------------------- */

static void purge_around_what_is_used(void *argument) {
    (void)argument;
    fresh_arenas();
    size_t first = take_touched(100);
    memset(cn_slot_address(first + 20), 7, CN_SLOT_BYTES);
    cn_purge_give(first, 20);
    cn_purge_give(first + 21, 79);
    MUST(cn_purge_all() == 99 * CN_SLOT_BYTES);
    MUST(dirty_slots() == 0 && cn_purge_all() == 0);
    MUST(cn_arena_resident_bytes() == CN_SLOT_BYTES);
    MUST(cn_slot_address(first + 20)[5] == 7);
    MUST(committed_arenas() == 1); /* the second arena was wholly free */
    size_t again = cn_arena_take(20, 1);
    MUST(again == first && is_zero(cn_slot_address(again), 20 * CN_SLOT_BYTES));
    check_arenas();
}

static void used_slots_keep_their_memory_when_all_is_purged(void **state) {
    (void)state;
    expect_return(purge_around_what_is_used, NULL);
}

static void decommit_arenas(void) {
    fresh_arenas();
    size_t first = take_touched(3 * CN_ARENA_SLOTS);
    cn_arena_give(first, 3 * CN_ARENA_SLOTS);
    MUST(committed_arenas() == 3);
    MUST(cn_purge_all() == 3 * CN_ARENA_BYTES);
    MUST(committed_arenas() == 0 && cn_arena_resident_bytes() == 0);
    MUST(cn_count_of(&cn_counts.peak_arena_bytes) == 3 * (size_t)CN_ARENA_BYTES);
    for (size_t arena = 0; arena < 3; arena++) {
        MUST(!atomic_load(&cn_region.arenas[arena].is_committed));
    }
    check_arenas();
}

static void decommit_and_take_again(void *argument) {
    (void)argument;
    decommit_arenas();
    size_t first = cn_arena_take(3 * CN_ARENA_SLOTS, 1);
    MUST(first == 0 && committed_arenas() == 3 && is_zero(cn_slot_address(0), 3 * CN_ARENA_BYTES));
    MUST(cn_count_of(&cn_counts.breath_slots) == 3 * CN_ARENA_SLOTS);
    memset(cn_slot_address(0), 1, 3 * CN_ARENA_BYTES);
    cn_arena_give(0, 3 * CN_ARENA_SLOTS);
    MUST(cn_arena_take(3 * CN_ARENA_SLOTS, 1) == 0); /* what was not purged since is no breath */
    MUST(cn_count_of(&cn_counts.breath_slots) == 3 * CN_ARENA_SLOTS);
    check_arenas();
}

static void arenas_without_a_taken_slot_go_back_whole(void **state) {
    (void)state;
    expect_return(decommit_and_take_again, NULL);
}

static void touch_a_decommitted_arena(void *argument) {
    (void)argument;
    decommit_arenas();
    *(volatile char *)cn_arena_address(1) = 1;
}

static void arena_that_went_back_cannot_be_accessed(void **state) {
    (void)state;
    struct child_end end = run_in_child(touch_a_decommitted_arena, NULL, 10);
    assert_true(WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGSEGV);
}

static void give_under_a_limit(void *argument) {
    (void)argument;
    struct rlimit limit = {2 * GIB, 2 * GIB};
    drop_region();
    MUST(setrlimit(RLIMIT_AS, &limit) == 0); /* the region is not held then: what goes back must not be missed */
    for (unsigned round = 0; round < 4; round++) {
        decommit_and_take_again(argument);
        cn_arena_give(0, 3 * CN_ARENA_SLOTS);
        (void)cn_purge_all();
        MUST(committed_arenas() == 0);
    }
}

static void arenas_go_back_and_come_again_under_a_limit(void **state) {
    (void)state;
    need_limits_of_address_space();
    expect_return(give_under_a_limit, NULL);
}

/* ---- threads ------------------------------------------------------------------------------------------------- */

static void *use_slots(void *argument) {
    uint64_t random = seed_of_thread();
    (void)argument;
    for (unsigned i = 0; i < 1500; i++) {
        size_t count = 1 + random_next(&random) % 40;
        size_t first = cn_arena_take(count, 1);
        MUST(first != SIZE_MAX);
        cn_arena_clear(first, count);
        MUST(is_zero(cn_slot_address(first), 4096) && is_zero(cn_slot_address(first + count) - 4096, 4096));
        fill_pattern(cn_slot_address(first), 4096, first ^ i);
        memset(cn_slot_address(first + count) - 4096, 1, 4096);
        if (i % 16 == 0) {
            (void)cn_purge_all();
        }
        MUST(count == 1 || has_pattern(cn_slot_address(first), 4096, first ^ i));
        cn_purge_give(first, count);
    }
    return NULL;
}

static void purge_from_all_sides(void *argument) {
    (void)argument;
    fresh_arenas();
    run_threads(3, use_slots, NULL);
    MUST(used_slots() == 0);
    (void)cn_purge_all();
    MUST(dirty_slots() == 0 && committed_arenas() == 0);
    check_arenas();
}

static void purges_leave_alone_what_other_threads_have(void **state) {
    (void)state;
    expect_return(purge_from_all_sides, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peak_goes_back_as_it_falls),
        cmocka_unit_test(what_is_within_the_retention_stays),
        cmocka_unit_test(process_that_breathes_keeps_its_breath),
        cmocka_unit_test(breath_fades_while_it_is_not_used),
        cmocka_unit_test(used_slots_keep_their_memory_when_all_is_purged),
        cmocka_unit_test(arenas_without_a_taken_slot_go_back_whole),
        cmocka_unit_test(arena_that_went_back_cannot_be_accessed),
        cmocka_unit_test(arenas_go_back_and_come_again_under_a_limit),
        cmocka_unit_test(purges_leave_alone_what_other_threads_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
