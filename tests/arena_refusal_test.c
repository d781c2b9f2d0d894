/*
 * arena_refusal_test.c: memory that the system refuses (arena.h), where addresses are chosen and not reserved: nothing of it is
 * taken, and one arena that cannot be had keeps no other from use.
 */
#define _GNU_SOURCE
#include "alloc/arena.h"

#include "tests/arenas.h"

static void refuse_commit(void *argument) {
    (void)argument;
    struct rlimit limit = {4 * GIB, 4 * GIB};
    drop_region();
    MUST(setrlimit(RLIMIT_AS, &limit) == 0); /* addresses are only chosen then, so that others can have them */
    fresh_arenas(0);
    MUST(cn_arena_take(1, 1) == 0);
    void *in_the_way = stand_in_the_way(1);
    MUST(cn_arena_take(CN_ARENA_SLOTS, 1) == SIZE_MAX && !cn_arena_extend(0, 1, CN_ARENA_SLOTS));
    MUST(used_slots() == 1 && committed_arenas() == 1);
    check_all();
    MUST(munmap(in_the_way, 4096) == 0);
    in_the_way = stand_in_the_way(3);
    MUST(cn_arena_take(3 * CN_ARENA_SLOTS, 1) == SIZE_MAX);
    MUST(used_slots() == 1 && committed_arenas() == 1);
    check_all();
    MUST(munmap(in_the_way, 4096) == 0);
    MUST(cn_arena_take(3 * CN_ARENA_SLOTS, 1) == CN_ARENA_SLOTS);
    MUST(committed_arenas() == 4);
    check_all();
}

/* One arena that cannot be had again, though nobody has its slots. */
static void refuse_one_of_three(void *argument) {
    (void)argument;
    struct rlimit limit = {4 * GIB, 4 * GIB};
    drop_region();
    MUST(setrlimit(RLIMIT_AS, &limit) == 0);
    fresh_arenas(0);
    MUST(cn_arena_take(CN_ARENA_SLOTS, 1) == 0);
    MUST(cn_arena_take(CN_ARENA_SLOTS, 1) == CN_ARENA_SLOTS);
    MUST(cn_arena_decommit(0));
    give_unused_arena(0);
    (void)stand_in_the_way(0);
    MUST(cn_arena_take(1, 1) == (size_t)2 * CN_ARENA_SLOTS && cn_arena_take(5, 1) == (size_t)2 * CN_ARENA_SLOTS + 1);
    check_all();
}

static void an_arena_that_is_refused_keeps_no_other_from_use(void **state) {
    (void)state;
    need_limits_of_address_space();
    expect_return(refuse_one_of_three, NULL);
}

static void memory_that_the_system_refuses_is_not_taken(void **state) {
    (void)state;
    need_limits_of_address_space();
    expect_return(refuse_commit, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_that_the_system_refuses_is_not_taken),
        cmocka_unit_test(an_arena_that_is_refused_keeps_no_other_from_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
