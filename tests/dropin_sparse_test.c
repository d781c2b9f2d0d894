/*
 * dropin_sparse_test.c: large blocks of calloc of which the program writes little take little memory, however often
 * their addresses were used before.
 */
#define _GNU_SOURCE
#include <sys/prctl.h>

#include "tests/dropin.h"

enum { ROUNDS = 12, WRITES = 64 };
static const size_t block_bytes = 400 * 1000 * 1000;
static const size_t room = 24 * MIB; /* for what the allocator keeps of its own */

/* Writes to places that are others in each round. */
static void write_here_and_there(unsigned char *block, uint64_t *random, unsigned char round) {
    for (unsigned i = 0; i < WRITES; i++) {
        unsigned char *place = block + random_next(random) % block_bytes;
        assert_true(*place == 0 || *place == round);
        *place = round;
    }
}

static void zeroed_blocks_that_hold_little_take_little(void **state) {
    (void)state;
    uint64_t random = 11;
    size_t before = resident_bytes();
    for (unsigned round = 1; round <= ROUNDS; round++) {
        unsigned char *block = hide(calloc(1, block_bytes));
        assert_non_null(block);
        assert_int_equal(block[block_bytes / 2], 0);
        block[block_bytes / 2] = (unsigned char)round;
        write_here_and_there(block, &random, (unsigned char)round);
        assert_true(resident_bytes() < before + room);
        free(hide(block));
    }
    assert_true(resident_bytes() < before + room);
}

/* What was written goes on costing what it costs, and no more: its beginning alone is used. */
static void zeroed_blocks_of_which_a_part_is_used_take_that_part(void **state) {
    (void)state;
    const size_t used = 16 * MIB;
    size_t before = resident_bytes();
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned char *block = hide(calloc(1, block_bytes));
        assert_non_null(block);
        assert_true(is_zero(block, used));
        memset(block, 1, used);
        assert_true(resident_bytes() < before + used + room);
        free(hide(block));
    }
}

static void zeroed_blocks_after_full_ones_are_zero(void **state) {
    (void)state;
    for (size_t bytes = 100 * KIB; bytes < 40 * MIB; bytes += bytes / 2) {
        unsigned char *full = hide(malloc(bytes));
        assert_non_null(full);
        memset(full, 1, bytes);
        free(hide(full));
        unsigned char *block = hide(calloc(1, bytes));
        assert_non_null(block);
        assert_true(is_zero(block, bytes));
        free(hide(block));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroed_blocks_that_hold_little_take_little),
        cmocka_unit_test(zeroed_blocks_of_which_a_part_is_used_take_that_part),
        cmocka_unit_test(zeroed_blocks_after_full_ones_are_zero),
    };
    (void)prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* else one byte can make 2 MiB resident */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
