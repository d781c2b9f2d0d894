/*
 * lock_test.c: the small lock (lock.h): one holder at a time, sleepers that are woken, and what a fork leaves held.
 */
#define _GNU_SOURCE
#include "alloc/lock.h"

#include "tests/threads.h"
#include "tests/unit.h"

static void free_lock_is_taken_and_given(void **state) {
    (void)state;
    struct cn_lock lock = {0};
    for (unsigned i = 0; i < 3; i++) {
        cn_lock_take(&lock);
        assert_int_equal(lock.word, 1);
        cn_lock_give(&lock);
        assert_int_equal(lock.word, 0);
    }
}

static void try_takes_a_free_lock_alone(void **state) {
    (void)state;
    struct cn_lock lock = {0};
    assert_true(cn_lock_try(&lock));
    assert_false(cn_lock_try(&lock));
    cn_lock_give(&lock);
    assert_true(cn_lock_try(&lock));
    cn_lock_give(&lock);
}

static void renewed_lock_is_free_and_tells_whether_it_was_held(void **state) {
    (void)state;
    struct cn_lock lock = {0};
    assert_false(cn_lock_renew(&lock));
    cn_lock_take(&lock);
    assert_true(cn_lock_renew(&lock));
    assert_true(cn_lock_try(&lock));
    lock.word = 2;
    assert_true(cn_lock_renew(&lock));
    assert_true(cn_lock_try(&lock));
}

/* ---- threads ------------------------------------------------------------------------------------------------- */

enum { TURNS = 50000, TAKERS = 4 };

static struct {
    struct cn_lock lock;
    size_t turns; /* by whoever has the lock, without any atomic operation */
    size_t tries;
    _Atomic bool is_held;
} shared;

static void have_a_turn(void) {
    MUST(!atomic_exchange(&shared.is_held, true));
    shared.turns++;
    MUST(atomic_exchange(&shared.is_held, false));
}

static void *take_turns(void *argument) {
    (void)argument;
    for (unsigned i = 0; i < TURNS; i++) {
        cn_lock_take(&shared.lock);
        have_a_turn();
        cn_lock_give(&shared.lock);
        if (cn_lock_try(&shared.lock)) {
            have_a_turn();
            shared.tries++;
            cn_lock_give(&shared.lock);
        }
    }
    return NULL;
}

static void contend(void *argument) {
    (void)argument;
    run_threads(TAKERS, take_turns, NULL);
    MUST(shared.turns == TAKERS * TURNS + shared.tries);
    MUST(shared.lock.word == 0);
}

static void one_thread_has_the_lock_at_a_time(void **state) {
    (void)state;
    expect_return(contend, NULL);
}

static _Atomic unsigned woken;

static void *wait_for_lock(void *argument) {
    (void)argument;
    cn_lock_take(&shared.lock);
    atomic_fetch_add(&woken, 1);
    cn_lock_give(&shared.lock);
    return NULL;
}

static void hold_while_others_sleep(void *argument) {
    (void)argument;
    pthread_t threads[TAKERS];
    struct timespec a_while = {0, 50 * 1000 * 1000};
    cn_lock_take(&shared.lock);
    start_all(threads, TAKERS, wait_for_lock, NULL);
    nanosleep(&a_while, NULL);
    MUST(atomic_load(&woken) == 0);
    cn_lock_give(&shared.lock);
    join_all(threads, TAKERS); /* each that wakes leaves the lock to the next */
    MUST(atomic_load(&woken) == TAKERS && cn_lock_try(&shared.lock));
}

static void every_sleeper_is_woken_in_the_end(void **state) {
    (void)state;
    expect_return(hold_while_others_sleep, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(free_lock_is_taken_and_given),
        cmocka_unit_test(try_takes_a_free_lock_alone),
        cmocka_unit_test(renewed_lock_is_free_and_tells_whether_it_was_held),
        cmocka_unit_test(one_thread_has_the_lock_at_a_time),
        cmocka_unit_test(every_sleeper_is_woken_in_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
