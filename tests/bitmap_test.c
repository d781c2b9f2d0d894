/*
 * bitmap_test.c: arithmetic on words (bits.h) and runs of bits in one word (bitmap.h), each against a naive model that
 * looks at one bit at a time.
 */
#define _GNU_SOURCE
#include "alloc/bitmap.h"
#include "tests/support.h"

static bool bit(uint64_t word, unsigned index) { return index < 64 && (word >> index & 1) != 0; }

/* Words with every density of set bits, the two extremes among them. */
static uint64_t random_word(uint64_t *random) {
    uint64_t word = random_next(random) << 32 ^ random_next(random);
    switch (random_next(random) % 5) {
    case 0:
        return word & (random_next(random) << 32 ^ random_next(random));
    case 1:
        return word | (random_next(random) << 32 ^ random_next(random));
    case 2:
        return ~(UINT64_C(1) << word % 64);
    case 3:
        return cn_low_bits((unsigned)(word % 65)) << (word >> 8) % 64;
    default:
        return word;
    }
}

/* ---- bits.h -------------------------------------------------------------------------------------------------- */

static void low_bits_are_counted_from_zero_to_all(void **state) {
    (void)state;
    for (unsigned count = 0; count <= 64; count++) {
        for (unsigned i = 0; i < 64; i++) {
            assert_int_equal(bit(cn_low_bits(count), i), i < count);
        }
    }
}

static void counts_of_a_word_agree_with_its_bits(void **state) {
    (void)state;
    uint64_t random = 7;
    for (unsigned round = 0; round < 2000; round++) {
        uint64_t word = random_word(&random);
        unsigned set = 0;
        unsigned lowest = 64;
        unsigned highest = 64;
        for (unsigned i = 0; i < 64; i++) {
            set += bit(word, i) ? 1 : 0;
            lowest = lowest == 64 && bit(word, i) ? i : lowest;
            highest = bit(word, i) ? i : highest;
        }
        assert_int_equal(cn_popcount(word), set);
        if (word != 0) {
            assert_int_equal(cn_ctz(word), lowest);
            assert_int_equal(63 - cn_clz(word), highest);
        }
    }
}

static void rotation_moves_every_bit_and_loses_none(void **state) {
    (void)state;
    uint64_t random = 9;
    for (unsigned by = 1; by < 64; by++) {
        uint64_t word = random_word(&random);
        uint64_t rotated = cn_rotate_right(word, by);
        for (unsigned i = 0; i < 64; i++) {
            assert_int_equal(bit(rotated, i), bit(word, (i + by) % 64));
        }
    }
}

static void powers_of_two_are_told_from_other_numbers(void **state) {
    (void)state;
    assert_false(cn_is_power_of_two(0));
    for (unsigned shift = 0; shift < 64; shift++) {
        size_t power = (size_t)1 << shift;
        assert_true(cn_is_power_of_two(power));
        assert_int_equal(cn_is_power_of_two(power + 1), power == 1);
        assert_int_equal(cn_is_power_of_two(power - 1), power == 2);
    }
    assert_false(cn_is_power_of_two(SIZE_MAX));
}

static void power_of_two_above_is_the_least_that_is_not_below(void **state) {
    (void)state;
    size_t power = 1;
    for (size_t n = 0; n <= 70000; n++) {
        power = power < n ? power * 2 : power;
        assert_int_equal(cn_power_of_two_above(n), power);
    }
    for (unsigned shift = 2; shift < 63; shift++) {
        size_t exact = (size_t)1 << shift;
        assert_int_equal(cn_power_of_two_above(exact - 1), exact);
        assert_int_equal(cn_power_of_two_above(exact), exact);
        assert_int_equal(cn_power_of_two_above(exact + 1), exact * 2);
    }
    assert_int_equal(cn_power_of_two_above((size_t)1 << 63), (size_t)1 << 63);
}

static void rounding_up_gives_the_least_multiple_that_is_not_below(void **state) {
    (void)state;
    for (size_t to = 1; to <= 65536; to *= 2) {
        for (size_t n = 0; n < 70000; n += to / 16 + 1) {
            size_t rounded = cn_round_up(n, to);
            assert_true(rounded >= n && rounded - n < to && rounded % to == 0);
        }
    }
    assert_int_equal(cn_round_up(SIZE_MAX - 4096, 4096), SIZE_MAX - 4095);
}

static void lesser_and_greater_are_chosen_from_either_side(void **state) {
    (void)state;
    assert_int_equal(cn_min(3, 5), 3);
    assert_int_equal(cn_min(5, 3), 3);
    assert_int_equal(cn_max(3, 5), 5);
    assert_int_equal(cn_max(5, 3), 5);
    assert_int_equal(cn_min(0, SIZE_MAX), 0);
    assert_true(cn_max(0, SIZE_MAX) == SIZE_MAX);
}

/* ---- bitmap.h ------------------------------------------------------------------------------------------------ */

static void run_mask_covers_exactly_its_bits(void **state) {
    (void)state;
    for (unsigned first = 0; first < 64; first++) {
        for (unsigned count = 1; count <= 64 - first; count++) {
            uint64_t run = cn_bits_run(first, count);
            for (unsigned i = 0; i < 64; i++) {
                assert_int_equal(bit(run, i), i >= first && i < first + count);
            }
        }
    }
}

static bool run_starts_at(uint64_t word, unsigned first, unsigned count) {
    for (unsigned i = first; i < first + count; i++) {
        if (!bit(word, i)) {
            return false;
        }
    }
    return true;
}

static void run_starts_agree_with_a_look_at_each_bit(void **state) {
    (void)state;
    uint64_t random = 11;
    for (unsigned round = 0; round < 300; round++) {
        uint64_t word = random_word(&random);
        for (unsigned count = 1; count <= 64; count++) {
            uint64_t starts = cn_bits_run_starts(word, count);
            for (unsigned i = 0; i < 64; i++) {
                assert_int_equal(bit(starts, i), run_starts_at(word, i, count));
            }
        }
    }
}

static void full_word_starts_every_run_that_fits(void **state) {
    (void)state;
    for (unsigned count = 1; count <= 64; count++) {
        assert_true(cn_bits_run_starts(UINT64_MAX, count) == cn_low_bits(65 - count));
        assert_true(cn_bits_run_starts(0, count) == 0);
    }
}

static void aligned_bits_are_the_multiples(void **state) {
    (void)state;
    for (unsigned alignment = 1; alignment <= 64; alignment *= 2) {
        for (unsigned i = 0; i < 64; i++) {
            assert_int_equal(bit(cn_bits_aligned(alignment), i), i % alignment == 0);
        }
    }
}

static void first_run_ends_at_the_first_clear_bit(void **state) {
    (void)state;
    for (unsigned first = 0; first < 64; first++) {
        for (unsigned count = 1; count <= 64 - first; count++) {
            uint64_t run = cn_bits_run(first, count);
            assert_int_equal(cn_bits_first_run(run), count);
            if (first + count < 63) { /* what lies above a gap does not count */
                assert_int_equal(cn_bits_first_run(run | UINT64_MAX << (first + count + 1)), count);
            }
        }
    }
}

static void word_is_the_sum_of_its_runs(void **state) {
    (void)state;
    uint64_t random = 13;
    for (unsigned round = 0; round < 2000; round++) {
        uint64_t word = random_word(&random);
        uint64_t seen = 0;
        for (uint64_t left = word; left != 0;) {
            uint64_t run = cn_bits_run(cn_ctz(left), cn_bits_first_run(left));
            assert_true((run & ~left) == 0);
            seen |= run;
            left &= ~run;
        }
        assert_true(seen == word);
    }
}

/* Above 63 the bit is counted around: what is handed in is a granule of the region, not of its word. */
static void bit_is_put_and_taken_and_told(void **state) {
    (void)state;
    uint64_t random = 9;
    for (size_t bit = 0; bit < 200; bit++) {
        const uint64_t mask = UINT64_C(1) << bit % 64;
        const uint64_t before = random_word(&random);
        uint64_t word = before;
        assert_int_equal(cn_bit_put(&word, bit), (before & mask) != 0);
        assert_true(word == (before | mask));
        assert_true(cn_bit_put(&word, bit));
        assert_true(cn_bit_take(&word, bit));
        assert_true(word == (before & ~mask));
        assert_false(cn_bit_take(&word, bit));
        assert_true(word == (before & ~mask));
        assert_true(cn_same(bit) == bit);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bit_is_put_and_taken_and_told),
        cmocka_unit_test(low_bits_are_counted_from_zero_to_all),
        cmocka_unit_test(counts_of_a_word_agree_with_its_bits),
        cmocka_unit_test(rotation_moves_every_bit_and_loses_none),
        cmocka_unit_test(powers_of_two_are_told_from_other_numbers),
        cmocka_unit_test(power_of_two_above_is_the_least_that_is_not_below),
        cmocka_unit_test(rounding_up_gives_the_least_multiple_that_is_not_below),
        cmocka_unit_test(lesser_and_greater_are_chosen_from_either_side),
        cmocka_unit_test(run_mask_covers_exactly_its_bits),
        cmocka_unit_test(run_starts_agree_with_a_look_at_each_bit),
        cmocka_unit_test(full_word_starts_every_run_that_fits),
        cmocka_unit_test(aligned_bits_are_the_multiples),
        cmocka_unit_test(first_run_ends_at_the_first_clear_bit),
        cmocka_unit_test(word_is_the_sum_of_its_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
