/*
 * program_test.c: what bytes mean (program.h), and what the mutator makes of them (mutate.c).
 */
#define _GNU_SOURCE

#include "fuzz/program.h"

#include "cairn.h"
#include "fuzz/fuzzer.h"
#include "tests/support.h"

enum { BYTE_VALUES = 256, INPUT_BYTES = 400, ROUNDS = 20000 };

static struct cn_operation operation_of(uint8_t code, uint8_t slot, uint8_t how, uint8_t which) {
    const uint8_t bytes[] = {code, slot, how, which};
    return cn_program_operation(bytes, 0, CN_PROGRAM_CREW);
}

static void every_kind_is_within_reach(void **state) {
    (void)state;
    bool seen[CN_OP_KINDS] = {false};
    for (unsigned code = 0; code < BYTE_VALUES; code++) {
        for (unsigned slot = 0; slot < BYTE_VALUES; slot++) {
            struct cn_operation operation = operation_of((uint8_t)code, (uint8_t)slot, 0, 0);
            seen[operation.kind] = true;
            assert_true(operation.slot < CN_PROGRAM_SLOTS && operation.heap < CN_PROGRAM_HEAPS);
            assert_true(operation.thread < CN_PROGRAM_THREADS);
        }
    }
    for (unsigned kind = 0; kind < CN_OP_KINDS; kind++) {
        assert_true(seen[kind]);
    }
}

static bool is_size_within_reach(size_t size) {
    for (unsigned how = 0; how < BYTE_VALUES; how++) {
        for (unsigned which = 0; which < BYTE_VALUES; which++) {
            if (operation_of(CN_OP_MALLOC, 0, (uint8_t)how, (uint8_t)which).size == size) {
                return true;
            }
        }
    }
    return false;
}

static void boundaries_of_all_size_classes_are_within_reach(void **state) {
    (void)state;
    struct cairn_stats stats;
    cairn_stats_get(&stats);
    for (unsigned i = 0; i < CAIRN_CLASS_COUNT; i++) {
        size_t bytes = stats.classes[i].block_bytes;
        assert_true(is_size_within_reach(bytes - 1));
        assert_true(is_size_within_reach(bytes));
        assert_true(is_size_within_reach(bytes + 1));
    }
}

static void boundaries_of_what_is_larger_are_within_reach(void **state) {
    (void)state;
    const size_t sizes[] = {0, 4096, 64 * KIB, 128 * KIB, MIB, 4 * MIB, PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1, SIZE_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_true(is_size_within_reach(sizes[i]));
    }
}

/* So that it takes no custom mutator to see what only goes wrong far from any limit. */
static void most_sizes_are_small_and_few_take_long(void **state) {
    (void)state;
    size_t small = 0;
    size_t large = 0;
    for (unsigned how = 0; how < BYTE_VALUES; how++) {
        for (unsigned which = 0; which < BYTE_VALUES; which++) {
            size_t size = operation_of(CN_OP_MALLOC, 0, (uint8_t)how, (uint8_t)which).size;
            small += size <= 4 * KIB ? 1 : 0;
            large += size > MIB && size < (size_t)1 << 40 ? 1 : 0;
        }
    }
    assert_true(small * 2 > BYTE_VALUES * BYTE_VALUES);
    assert_true(large * 50 < BYTE_VALUES * BYTE_VALUES);
}

static void products_that_overflow_wrap_around_to_little(void **state) {
    (void)state;
    size_t seen = 0;
    for (unsigned code = 0; code < BYTE_VALUES; code++) {
        for (unsigned extra = 0; extra < 8; extra++) {
            struct cn_operation operation = operation_of((uint8_t)code, (uint8_t)(extra << 5), 0xff, 0);
            if (operation.kind == CN_OP_CALLOC && cn_operation_bytes(&operation) == SIZE_MAX && operation.count > 1) {
                assert_true(operation.count * operation.size < KIB);
                seen++;
            }
        }
    }
    assert_true(seen > 0);
}

static void incomplete_operation_at_the_end_is_left_out(void **state) {
    (void)state;
    assert_int_equal(cn_program_length(0), 0);
    assert_int_equal(cn_program_length(3), 0);
    assert_int_equal(cn_program_length(4), 1);
    assert_int_equal(cn_program_length(11), 2);
    assert_int_equal(cn_program_length(SIZE_MAX), CN_PROGRAM_OPERATIONS);
}

/* ---- mutations ----------------------------------------------------------------------------------------------- */

static void fill_input(uint8_t *data, size_t size, unsigned seed) {
    for (size_t i = 0; i < size; i++) {
        data[i] = (uint8_t)(pattern_word(seed, i) >> 40);
    }
}

static void mutants_are_whole_operations_and_fit(void **state) {
    (void)state;
    for (unsigned seed = 0; seed < ROUNDS; seed++) {
        uint8_t data[INPUT_BYTES + 1];
        size_t size = seed % INPUT_BYTES;
        size_t room = size + seed % 7 * CN_OPERATION_BYTES;
        room = room < INPUT_BYTES ? room : INPUT_BYTES;
        fill_input(data, sizeof data, seed);
        uint8_t behind = data[room];
        size_t mutated = LLVMFuzzerCustomMutator(data, size, room, seed);
        assert_true(mutated <= room && mutated % CN_OPERATION_BYTES == 0);
        assert_int_equal(data[room], behind);
    }
}

/* As libFuzzer does to shorten an input. */
static void mutants_fit_where_less_is_asked_for_than_there_is(void **state) {
    (void)state;
    for (unsigned seed = 0; seed < ROUNDS; seed++) {
        uint8_t data[INPUT_BYTES + 1];
        size_t size = CN_OPERATION_BYTES + seed % (INPUT_BYTES - CN_OPERATION_BYTES);
        size_t room = size - 1 - seed % CN_OPERATION_BYTES;
        fill_input(data, sizeof data, seed);
        uint8_t behind = data[size];
        size_t mutated = LLVMFuzzerCustomMutator(data, size, room, seed);
        assert_true(mutated <= room);
        assert_int_equal(data[size], behind);
    }
}

static void same_seed_makes_the_same_mutant(void **state) {
    (void)state;
    for (unsigned seed = 0; seed < ROUNDS / 10; seed++) {
        uint8_t first[INPUT_BYTES];
        uint8_t second[INPUT_BYTES];
        fill_input(first, sizeof first, seed);
        fill_input(second, sizeof second, seed);
        size_t first_size = LLVMFuzzerCustomMutator(first, INPUT_BYTES / 2, sizeof first, seed);
        assert_int_equal(LLVMFuzzerCustomMutator(second, INPUT_BYTES / 2, sizeof second, seed), first_size);
        assert_memory_equal(first, second, first_size);
    }
}

static void most_mutants_differ_from_their_parent(void **state) {
    (void)state;
    unsigned same = 0;
    for (unsigned seed = 0; seed < ROUNDS; seed++) {
        uint8_t parent[INPUT_BYTES];
        uint8_t child[INPUT_BYTES];
        fill_input(parent, sizeof parent, seed);
        memcpy(child, parent, sizeof child);
        size_t size = LLVMFuzzerCustomMutator(child, INPUT_BYTES / 2, INPUT_BYTES, seed);
        same += size == INPUT_BYTES / 2 && memcmp(parent, child, size) == 0 ? 1 : 0;
    }
    assert_true(same * 10 < ROUNDS);
}

/* Operations of the first parent are even in their last byte, those of the second odd. */
static void crossing_takes_operations_of_both_in_order(void **state) {
    (void)state;
    enum { OPERATIONS = 50 };
    uint8_t parents[2][OPERATIONS * CN_OPERATION_BYTES] = {{0}};
    uint8_t out[sizeof parents];
    for (unsigned i = 0; i < OPERATIONS; i++) {
        parents[0][i * CN_OPERATION_BYTES + 3] = (uint8_t)(2 * i);
        parents[1][i * CN_OPERATION_BYTES + 3] = (uint8_t)(2 * i + 1);
    }
    for (unsigned seed = 0; seed < ROUNDS / 10; seed++) {
        size_t room = seed % sizeof out;
        size_t size =
            LLVMFuzzerCustomCrossOver(parents[0], sizeof parents[0], parents[1], sizeof parents[1], out, room, seed);
        assert_int_equal(size, room / CN_OPERATION_BYTES * CN_OPERATION_BYTES);
        unsigned next[2] = {0, 0};
        for (size_t at = 3; at < size; at += CN_OPERATION_BYTES) {
            unsigned parent = out[at] % 2;
            assert_int_equal(out[at] / 2, next[parent]++);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_within_reach),
        cmocka_unit_test(boundaries_of_all_size_classes_are_within_reach),
        cmocka_unit_test(boundaries_of_what_is_larger_are_within_reach),
        cmocka_unit_test(most_sizes_are_small_and_few_take_long),
        cmocka_unit_test(products_that_overflow_wrap_around_to_little),
        cmocka_unit_test(incomplete_operation_at_the_end_is_left_out),
        cmocka_unit_test(mutants_are_whole_operations_and_fit),
        cmocka_unit_test(mutants_fit_where_less_is_asked_for_than_there_is),
        cmocka_unit_test(same_seed_makes_the_same_mutant),
        cmocka_unit_test(most_mutants_differ_from_their_parent),
        cmocka_unit_test(crossing_takes_operations_of_both_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
