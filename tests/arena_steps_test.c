/*
 * arena_steps_test.c: an operation on arenas (arena.h) is held after each of its machine instructions in turn, and another
 * one is done meanwhile: no slot is had twice, none is lost, and every count is right.
 */
#define _GNU_SOURCE
#include "alloc/purge.h"
#include "tests/arenas.h"
#include "tests/steps.h"

enum { CHILD_SECONDS = 300, FOUND_RUN = 5 };

/* ---- any two operations -------------------------------------------------------------------------------------- */

/* A run that somebody has; `count` 0: nobody does. */
struct run {
    size_t first;
    size_t count;
};

/* What the arenas hold before: full ones but for small holes, one that is free, and runs to be given or to grow. Each of
 * two that are at work has its own. */
enum { FULL, LONG, GROWING, RUNS };

struct worker {
    struct run runs[RUNS];
    struct run taken;
};

static struct worker workers[2];

static struct run taken_run(size_t count, size_t alignment) {
    size_t first = cn_arena_take(count, alignment);
    MUST(first != SIZE_MAX);
    return (struct run){first, count};
}

static void prepare(void) {
    enum { HOLE = 6 };
    struct run hole[3];
    fresh_arenas(0);
    memset(workers, 0, sizeof workers);
    for (size_t i = 0; i < 2; i++) {
        workers[i].runs[FULL] = taken_run(CN_ARENA_SLOTS, 1);
    }
    for (size_t i = 0; i < 2; i++) {
        hole[i] = taken_run(HOLE, 1);
        workers[i].runs[GROWING] = taken_run(CN_ARENA_SLOTS - 2 * HOLE, 1);
        hole[2] = taken_run(HOLE, 1);
        cn_arena_give(hole[2].first, hole[2].count);
    }
    cn_arena_give(hole[0].first, hole[0].count);
    cn_arena_give(hole[1].first, hole[1].count);
    for (size_t i = 0; i < 2; i++) {
        workers[i].runs[LONG] = taken_run(2 * CN_ARENA_SLOTS + 7, 1);
    }
    hole[0] = taken_run(CN_ARENA_SLOTS, 1);
    (void)cn_purge_all();
    cn_arena_give(hole[0].first, hole[0].count);
    for (size_t i = 0; i < 2; i++) { /* so that `fits` says that there is room in them */
        cn_arena_give(workers[i].runs[FULL].first, CN_ARENA_SLOTS);
        workers[i].runs[FULL] = taken_run(CN_ARENA_SLOTS, 1);
    }
}

static void give_run(struct run *run) {
    cn_arena_give(run->first, run->count);
    run->count = 0;
}

static void give_full(void *worker) { give_run(&((struct worker *)worker)->runs[FULL]); }
static void give_long(void *worker) { give_run(&((struct worker *)worker)->runs[LONG]); }

static void take_few(void *worker) { ((struct worker *)worker)->taken = taken_run(FOUND_RUN, 1); }
static void take_long(void *worker) { ((struct worker *)worker)->taken = taken_run(CN_ARENA_SLOTS + 9, 1); }

static void grow(void *worker) {
    struct run *run = &((struct worker *)worker)->runs[GROWING];
    run->count += cn_arena_extend(run->first, run->count, 4) ? 4 : 0;
}

static void purge(void *worker) {
    (void)worker;
    (void)cn_purge_all();
}

/* All are held; the first ones are what is done meanwhile. */
static void (*const operations[])(void *worker) = {give_full, take_few, grow, purge, give_long, take_long};
enum { MEANWHILE = 4 };

static void mark_run(const struct run *run, bool *is_had, size_t slots) {
    for (size_t slot = run->first; slot < run->first + run->count; slot++) {
        MUST(slot < slots && !is_had[slot]);
        is_had[slot] = true;
    }
    if (run->count != 0) { /* it is accessible */
        *(volatile char *)cn_slot_address(run->first) = 1;
        *(volatile char *)cn_slot_address(run->first + run->count - 1) = 1;
    }
}

static void check_ownership(void) {
    enum { SLOTS = 2 * CN_GROW_ARENAS * CN_ARENA_SLOTS };
    static bool is_had[SLOTS];
    size_t count = 0;
    memset(is_had, 0, sizeof is_had);
    for (size_t i = 0; i < 2; i++) {
        for (size_t run = 0; run < RUNS; run++) {
            mark_run(&workers[i].runs[run], is_had, SLOTS);
            count += workers[i].runs[run].count;
        }
        mark_run(&workers[i].taken, is_had, SLOTS);
        count += workers[i].taken.count;
    }
    MUST(used_slots() == count);
    check_all();
}

/* Every step at first, then fewer, that long operations take no longer than they are worth. */
static size_t step_after(size_t step) {
    enum { ALL = 256, SHARE = 8 };
    return step < ALL ? step + 1 : step + 1 + step / SHARE;
}

static void *run_other(void *operation) {
    operations[*(size_t *)operation](&workers[1]);
    return NULL;
}

/* False where the held operation came to its end before. */
static bool try_step(size_t step, size_t held, size_t other) {
    enum { PATIENCE_MILLISECONDS = 5 };
    pthread_t thread;
    prepare();
    bool is_held = hold_after(step, operations[held], &workers[0]);
    start_all(&thread, 1, run_other, &other);
    bool has_ended = ends_within(thread, PATIENCE_MILLISECONDS);
    let_go();
    if (!has_ended) { /* the held one had a lock */
        join_all(&thread, 1);
    }
    check_ownership();
    return is_held;
}

static void try_with_all(void *held) {
    for (size_t other = 0; other < MEANWHILE; other++) {
        for (size_t step = 0; try_step(step, *(size_t *)held, other); step = step_after(step)) {
        }
    }
}

static void any_two_operations_agree(void **state) {
    (void)state;
    if (!CAN_STEP) {
        skip();
    }
    for (size_t held = 0; held < sizeof operations / sizeof operations[0]; held++) {
        struct child_end end = run_in_child(try_with_all, &held, CHILD_SECONDS);
        expect_success(&end);
    }
}

/* ---- where memory is short ----------------------------------------------------------------------------------- */

static void try_each_step(void (*run)(void *step)) {
    if (!CAN_STEP) {
        skip();
    }
    bool is_held = true;
    for (size_t step = 0; is_held; step++) {
        struct child_end end = run_in_child(run, &step, CHILD_SECONDS);
        expect_success(&end);
        is_held = was_held(&end);
    }
}

/* Of two arenas, one can be had, and is given back, as the other cannot; while a purge is held that would give it back as
 * well. */
static void refuse_beside_a_purge(void *step) {
    struct rlimit limit = {4 * GIB, 4 * GIB};
    drop_region();
    MUST(setrlimit(RLIMIT_AS, &limit) == 0);
    fresh_arenas(0);
    for (size_t arena = 0; arena < 3; arena++) {
        MUST(cn_arena_take(CN_ARENA_SLOTS, 1) == arena * CN_ARENA_SLOTS);
    }
    MUST(cn_arena_decommit(2));
    (void)stand_in_the_way(2);
    give_unused_arena(1);
    give_unused_arena(2);
    hold_and_say(*(size_t *)step, purge, NULL);
    (void)cn_arena_take((size_t)2 * CN_ARENA_SLOTS, 1); /* of these two, or of further ones while the purge has them */
    let_go();
    MUST(committed_arenas() == used_slots() / CN_ARENA_SLOTS);
    check_all();
}

static void a_purge_beside_a_refusal_gives_nothing_back_twice(void **state) {
    (void)state;
    need_limits_of_address_space();
    try_each_step(refuse_beside_a_purge);
}

static void take_what_is_there(void *run) { ((struct run *)run)->first = cn_arena_take(FOUND_RUN, 1); }

/* All of the region is taken, and cannot grow. A run becomes free while a search for one is held: the length is no power of
 * two, so that the search goes through runs that may be too short. */
static void give_beside_a_search(void *step) {
    const size_t free_run = CN_ARENA_SLOTS + 3;
    struct run run;
    fresh_arenas(CN_GROW_ARENAS);
    for (size_t arena = 0; arena < CN_GROW_ARENAS; arena++) {
        MUST(cn_arena_take(CN_ARENA_SLOTS, 1) == arena * CN_ARENA_SLOTS);
    }
    hold_and_say(*(size_t *)step, take_what_is_there, &run);
    cn_arena_give(free_run, FOUND_RUN);
    let_go();
    MUST(run.first == free_run || cn_arena_take(FOUND_RUN, 1) == free_run);
    check_all();
}

static void what_is_given_back_beside_a_search_in_vain_is_found(void **state) {
    (void)state;
    try_each_step(give_beside_a_search);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_two_operations_agree),
        cmocka_unit_test(a_purge_beside_a_refusal_gives_nothing_back_twice),
        cmocka_unit_test(what_is_given_back_beside_a_search_in_vain_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
