/*
 * promise_test.c: how many promises there can be (debug/promise.h), and what those cost that have ended.
 */
#define _GNU_SOURCE
#include "tests/reports.h"

enum { PROMISES_MAX = 65536, LIVE = 60000, ROUND = 10000, ROUNDS = 30 };

static char *blocks[PROMISES_MAX + 1];

static void make_blocks(size_t count) {
    for (size_t i = 0; i < count; i++) {
        blocks[i] = block_of(48);
    }
}

static void free_blocks(size_t count) {
    for (size_t i = 0; i < count; i++) {
        cairn_free(blocks[i]);
    }
}

static void there_can_be_as_many_promises_as_stated(void **state) {
    (void)state;
    make_blocks(PROMISES_MAX + 1);
    for (size_t i = 0; i < PROMISES_MAX; i++) {
        MUST(i % 2 == 0 ? cairn_seal(blocks[i]) : cairn_fence(blocks[i], 8, 8));
    }
    assert_false(cairn_seal(blocks[PROMISES_MAX]));
    assert_false(cairn_fence(blocks[PROMISES_MAX], 8, 8));
    assert_true(cairn_unseal(blocks[0]));
    assert_true(cairn_fence(blocks[PROMISES_MAX], 8, 8));
    assert_false(cairn_seal(blocks[0]));
    free_blocks(PROMISES_MAX + 1);
}

static double processor_seconds(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Ends the promises of so many blocks, from the `first` on, and makes others. Returns how long that took. */
static double renew(size_t first) {
    double start = processor_seconds();
    for (size_t i = 0; i < ROUND; i++) {
        char **block = &blocks[(first + i) % LIVE];
        cairn_free(*block);
        *block = block_of(48);
        MUST(cairn_fence(*block, 8, 8));
    }
    return processor_seconds() - start;
}

/* Some five times the promises that there can be come and go. */
static void ended_promises_are_in_nobodys_way(void **state) {
    (void)state;
    make_blocks(LIVE);
    for (size_t i = 0; i < LIVE; i++) {
        MUST(cairn_fence(blocks[i], 8, 8));
    }
    double at_first = renew(0);
    for (size_t round = 1; round < ROUNDS; round++) {
        double now = renew(round * ROUND);
        assert_true(now < 10 * at_first + 0.02);
    }
    free_blocks(LIVE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ended_promises_are_in_nobodys_way), /* first: before any has ended */
        cmocka_unit_test(there_can_be_as_many_promises_as_stated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
