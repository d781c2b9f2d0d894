/*
 * region_test.c: the one reservation (region.h): how it grows and where it ends, which addresses it says are its own,
 * and
 * R1 and R2.
 */
#define _GNU_SOURCE
#include "alloc/region.h"

#include "tests/fresh.h"
#include "tests/threads.h"

static const size_t step_granules = (size_t)CN_GROW_ARENAS * CN_ARENA_GRANULES;

static size_t covered(void) { return atomic_load(&cn_region.granules); }

/* ---- growing ------------------------------------------------------------------------------------------------- */

static void grow_arena_by_arena(void *argument) {
    (void)argument;
    fresh_region(0);
    MUST(known_arenas() == 0 && covered() == 0);
    MUST((uintptr_t)cn_region.base % CN_ARENA_BYTES == 0);
    for (size_t i = 0; i < 3 * CN_GROW_ARENAS; i++) {
        MUST(cn_region_grow(1) == i);
        MUST(known_arenas() == i + 1);
        MUST(covered() == (i / CN_GROW_ARENAS + 1) * step_granules);
        MUST(atomic_load(&cn_region.arenas[i].used) == UINT64_MAX);
        MUST(atomic_load(&cn_region.arenas[i].dirty) == 0 && !atomic_load(&cn_region.arenas[i].is_committed));
        cn_region_check();
    }
}

static void region_grows_an_arena_at_a_time_and_its_tables_in_steps(void **state) {
    (void)state;
    expect_return(grow_arena_by_arena, NULL);
}

static void grow_by_runs(void *argument) {
    (void)argument;
    fresh_region(0);
    size_t next = 0;
    for (size_t count = 1; count < 100; count = count * 3 / 2 + 1) {
        MUST(cn_region_grow(count) == next);
        next += count;
        MUST(known_arenas() == next && covered() >= next * CN_ARENA_GRANULES);
        cn_region_check();
    }
}

static void runs_of_arenas_follow_each_other(void **state) {
    (void)state;
    expect_return(grow_by_runs, NULL);
}

static void grow_to_the_limit(void *argument) {
    (void)argument;
    fresh_region(2 * CN_GROW_ARENAS);
    MUST(cn_region_grow(2 * CN_GROW_ARENAS + 1) == SIZE_MAX);
    MUST(cn_region_grow(SIZE_MAX) == SIZE_MAX);
    MUST(known_arenas() == 0 && covered() == 0);
    MUST(cn_region_grow(2 * CN_GROW_ARENAS - 1) == 0);
    MUST(cn_region_grow(2) == SIZE_MAX);
    MUST(cn_region_grow(1) == 2 * CN_GROW_ARENAS - 1);
    MUST(cn_region_grow(1) == SIZE_MAX);
    MUST(!cn_region_grow_at(2 * CN_GROW_ARENAS, 1));
    MUST(known_arenas() == 2 * CN_GROW_ARENAS && covered() == 2 * step_granules);
    cn_region_check();
}

static void region_ends_exactly_at_its_limit(void **state) {
    (void)state;
    expect_return(grow_to_the_limit, NULL);
}

static void grow_at_an_index(void *argument) {
    (void)argument;
    fresh_region(0);
    MUST(!cn_region_grow_at(1, 1) && known_arenas() == 0);
    MUST(cn_region_grow_at(0, 2) && known_arenas() == 2);
    MUST(!cn_region_grow_at(0, 1) && !cn_region_grow_at(1, 1) && !cn_region_grow_at(3, 1));
    MUST(cn_region_grow_at(2, 5) && known_arenas() == 7);
    cn_region_check();
}

static void growing_at_an_index_asks_for_the_very_next(void **state) {
    (void)state;
    expect_return(grow_at_an_index, NULL);
}

enum { GROWERS = 4, GROWTHS = 100 };
static _Atomic unsigned times_grown[GROWERS * GROWTHS];

static void *grow_often(void *argument) {
    (void)argument;
    for (unsigned i = 0; i < GROWTHS; i++) {
        size_t arena = cn_region_grow(1);
        MUST(arena < GROWERS * GROWTHS);
        MUST(atomic_fetch_add(&times_grown[arena], 1) == 0);
        MUST(cn_region_covers((arena + 1) * CN_ARENA_GRANULES - 1));
    }
    return NULL;
}

static void grow_from_all_sides(void *argument) {
    (void)argument;
    fresh_region(0);
    run_threads(GROWERS, grow_often, NULL);
    MUST(known_arenas() == GROWERS * GROWTHS);
    cn_region_check();
}

static void threads_that_grow_at_once_get_different_arenas(void **state) {
    (void)state;
    expect_return(grow_from_all_sides, NULL);
}

/* ---- tables -------------------------------------------------------------------------------------------------- */

static void touch_tables(void *argument) {
    (void)argument;
    fresh_region(0);
    for (size_t arenas = 1; arenas <= 40; arenas += 13) {
        MUST(cn_region_grow(arenas) != SIZE_MAX);
        size_t last = covered() - 1;
        size_t last_arena = last / CN_ARENA_GRANULES;
        atomic_fetch_or(&cn_region.live[last >> CN_WORD_SHIFT], 0);
        atomic_fetch_or(&cn_region.remote[last >> CN_WORD_SHIFT], 0);
        atomic_fetch_or(&cn_region.owner[cn_slot_of_granule(last)], 0);
        atomic_fetch_or(&cn_region.fits[last_arena / 64 * 8 + CN_FIT_LEVELS - 1], 0);
        atomic_fetch_or(&cn_region.arenas[last_arena].purged, 0);
        char *pool = (char *)cn_region.pools + cn_slot_of_granule(last) * CN_POOL_ENTRY_BYTES;
        memset(pool, 0, CN_POOL_ENTRY_BYTES);
    }
    MUST(cn_region_table_bytes() > 0);
}

static void tables_can_be_written_as_far_as_granules_go(void **state) {
    (void)state;
    expect_return(touch_tables, NULL);
}

static void touch_slack(void *argument) {
    (void)argument;
    fresh_region(0);
    MUST(cn_region_grow(1) == 0);
    MUST(cn_region_enable_slack() && cn_region.slack_is_enabled);
    atomic_store(&cn_region.slack[0], 1);
    atomic_store(&cn_region.slack[covered() - 1], 1);
    MUST(cn_region_grow(2 * CN_GROW_ARENAS) == 1);
    atomic_store(&cn_region.slack[covered() - 1], 2);
    cn_region_check();
}

static void table_of_slack_keeps_up_once_it_is_enabled(void **state) {
    (void)state;
    expect_return(touch_slack, NULL);
}

static void write_where_no_table_is(void *argument) {
    size_t table = *(size_t *)argument;
    fresh_region(0);
    MUST(cn_region_grow(1) == 0);
    volatile char *before = cn_region.tables[table].start - 1;
    *before = 1;
}

static void run_off_the_end_of_a_table(void *argument) {
    size_t table = *(size_t *)argument;
    fresh_region(0);
    MUST(cn_region_grow(1) == 0);
    volatile char *after = cn_region.tables[table].start + cn_region.tables[table].committed_bytes;
    *after = 1;
}

static void gaps_stand_on_both_sides_of_every_table(void **state) {
    (void)state;
    for (size_t table = 0; table < CN_TABLE_COUNT; table++) {
        struct child_end end = run_in_child(write_where_no_table_is, &table, 10);
        assert_true(WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGSEGV);
        end = run_in_child(run_off_the_end_of_a_table, &table, 10);
        assert_true(WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGSEGV);
    }
}

/* ---- addresses ----------------------------------------------------------------------------------------------- */

static void expect_address(uintptr_t address) {
    size_t distance = address - (uintptr_t)cn_region.base;
    bool is_granule = distance % CN_GRANULE_BYTES == 0 && distance / CN_GRANULE_BYTES < covered();
    size_t granule = cn_granule_of((const void *)address);
    assert_int_equal(cn_region_covers(granule), is_granule);
    if (is_granule) {
        assert_int_equal(granule, distance / CN_GRANULE_BYTES);
        assert_int_equal(cn_slot_of_granule(granule), distance / CN_SLOT_BYTES);
        assert_true(cn_slot_address(granule / CN_SLOT_GRANULES) <= (char *)address);
    }
}

static void addresses_are_told_apart_exactly(void **state) {
    (void)state;
    int local = 0;
    uintptr_t base = (uintptr_t)cn_region.base;
    uintptr_t end = base + covered() * CN_GRANULE_BYTES;
    const uintptr_t edges[] = {0,
                               base,
                               end,
                               UINTPTR_MAX,
                               (uintptr_t)&local,
                               (uintptr_t)&cn_region,
                               UINTPTR_MAX / 2,
                               (uintptr_t)cn_region.heaps};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        for (uintptr_t offset = 0; offset <= 64; offset++) {
            expect_address(edges[i] + offset);
            expect_address(edges[i] - offset);
        }
    }
    for (unsigned shift = 0; shift < 64; shift++) {
        expect_address(base + ((uintptr_t)1 << shift));
        expect_address(base - ((uintptr_t)1 << shift));
        expect_address(base ^ (uintptr_t)1 << shift);
    }
}

static void random_addresses_are_told_apart_exactly(void **state) {
    (void)state;
    uint64_t random = 3;
    for (unsigned i = 0; i < 200000; i++) {
        uint64_t number = random_next(&random) << 40 ^ random_next(&random);
        expect_address(number);
        expect_address((uintptr_t)cn_region.base + number % (covered() * CN_GRANULE_BYTES * 2));
    }
}

/* ---- limits of the system ------------------------------------------------------------------------------------ */

static void grow_under_a_limit(void *argument) {
    (void)argument;
    struct rlimit limit = {GIB, GIB};
    drop_region();
    MUST(setrlimit(RLIMIT_AS, &limit) == 0);
    fresh_region(0);
    size_t arenas = 0;
    while (arenas < 64 && cn_region_grow(1) != SIZE_MAX) {
        arenas++;
    }
    MUST(arenas == 64); /* their tables are small, and the arenas themselves are not committed */
    MUST(cn_os_commit(cn_arena_address(3), CN_ARENA_BYTES));
    memset(cn_arena_address(3), 1, CN_ARENA_BYTES);
    cn_region_check();
}

static void region_is_there_under_a_limit_of_address_space(void **state) {
    (void)state;
    need_limits_of_address_space();
    expect_return(grow_under_a_limit, NULL);
}

static void live_without_a_region(void *argument) {
    (void)argument;
    drop_region();
    MUST(!cn_region_covers(cn_granule_of(NULL)) && !cn_region_covers(cn_granule_of(&argument)));
    MUST(cn_region_grow(1) == SIZE_MAX && !cn_region_grow_at(0, 1));
    MUST(!cn_region_enable_slack() && !cn_region.slack_is_enabled);
    cn_region_check();
}

static void init_without_addresses(void *argument) {
    struct rlimit limit = {1, 1};
    drop_region();
    MUST(setrlimit(RLIMIT_AS, &limit) == 0);
    cn_region_init();
    MUST(cn_region.base == NULL && cn_region.arena_limit == 0);
    live_without_a_region(argument);
}

static void region_that_could_not_be_reserved_is_empty(void **state) {
    (void)state;
    expect_return(live_without_a_region, NULL);
    expect_return(init_without_addresses, NULL);
}

static void take_over_a_held_lock(void *argument) {
    (void)argument;
    fresh_region(0);
    cn_lock_take(&cn_region.lock);
    cn_region_after_fork();
    MUST(cn_region_grow(1) == 0);
}

static void lock_held_across_a_fork_is_free_in_the_child(void **state) {
    (void)state;
    expect_return(take_over_a_held_lock, NULL);
}

/* ---- R1 and R2 ----------------------------------------------------------------------------------------------- */

static void claim_granules_without_tables(void *argument) {
    (void)argument;
    atomic_fetch_add(&cn_region.granules, step_granules);
    cn_region_check();
}

static void forget_a_table(void *argument) {
    cn_region.tables[*(size_t *)argument].committed_bytes = 0;
    cn_region_check();
}

static void claim_arenas_without_granules(void *argument) {
    (void)argument;
    atomic_fetch_add(&cn_region.arena_count, CN_GROW_ARENAS);
    cn_region_check();
}

static void lower_the_limit(void *argument) {
    (void)argument;
    cn_region.arena_limit = CN_GROW_ARENAS - 1;
    cn_region_check();
}

static void check_names_what_is_broken(void **state) {
    (void)state;
    expect_invariant(claim_granules_without_tables, NULL, "R1");
    for (size_t table = 0; table < CN_TABLE_SLACK; table++) {
        expect_invariant(forget_a_table, &table, "R1");
    }
    expect_invariant(claim_arenas_without_granules, NULL, "R2");
    expect_invariant(lower_the_limit, NULL, "R2");
}

static int start(void **state) {
    (void)state;
    cn_region_init();
    return cn_region_grow(5) == 0 ? 0 : -1;
}

static int stop(void **state) {
    (void)state;
    cn_region_check();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(region_grows_an_arena_at_a_time_and_its_tables_in_steps),
        cmocka_unit_test(runs_of_arenas_follow_each_other),
        cmocka_unit_test(region_ends_exactly_at_its_limit),
        cmocka_unit_test(growing_at_an_index_asks_for_the_very_next),
        cmocka_unit_test(threads_that_grow_at_once_get_different_arenas),
        cmocka_unit_test(tables_can_be_written_as_far_as_granules_go),
        cmocka_unit_test(table_of_slack_keeps_up_once_it_is_enabled),
        cmocka_unit_test(gaps_stand_on_both_sides_of_every_table),
        cmocka_unit_test(addresses_are_told_apart_exactly),
        cmocka_unit_test(random_addresses_are_told_apart_exactly),
        cmocka_unit_test(region_is_there_under_a_limit_of_address_space),
        cmocka_unit_test(region_that_could_not_be_reserved_is_empty),
        cmocka_unit_test(lock_held_across_a_fork_is_free_in_the_child),
        cmocka_unit_test(check_names_what_is_broken),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
