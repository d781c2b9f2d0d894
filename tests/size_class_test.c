/*
 * size_class_test.c: S1 to S4 of size_class.h, for every request and every alignment, against a model that knows only
 * the rule: multiples of 16 up to 128, then eight sizes a doubling.
 */
#define _GNU_SOURCE
#include "alloc/size_class.h"
#include "tests/support.h"

static size_t model_bytes[CN_CLASS_COUNT];

static void make_model(void) {
    unsigned count = 0;
    for (size_t bytes = 16; bytes <= 128; bytes += 16) {
        model_bytes[count++] = bytes;
    }
    for (size_t doubling = 128; doubling < 65536; doubling *= 2) {
        for (size_t step = 1; step <= 8; step++) {
            model_bytes[count++] = doubling + step * doubling / 8;
        }
    }
    MUST(count == CN_CLASS_COUNT && model_bytes[count - 1] == CN_BLOCK_MAX_BYTES);
}

/* The least class of the model that holds `bytes` in blocks at multiples of `alignment`. */
static unsigned model_class(size_t bytes, size_t alignment) {
    unsigned class_index = 0;
    while (model_bytes[class_index] < bytes || model_bytes[class_index] % alignment != 0) {
        class_index++;
    }
    return class_index;
}

static int start(void **state) {
    (void)state;
    make_model();
    cn_class_init();
    return 0;
}

static void classes_have_the_sizes_of_the_rule(void **state) {
    (void)state;
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
        assert_int_equal(cn_class_at(i)->block_bytes, model_bytes[i]);
        assert_int_equal(cn_class_at(i)->block_bytes % CN_GRANULE_BYTES, 0); /* S3 */
        assert_int_equal(cn_class_at(i)->block_granules * CN_GRANULE_BYTES, model_bytes[i]);
    }
}

static void every_request_gets_the_least_class_that_holds_it(void **state) {
    (void)state;
    for (size_t bytes = 0; bytes <= CN_BLOCK_MAX_BYTES; bytes++) { /* S1 */
        assert_int_equal(cn_class_of(bytes), model_class(bytes, 1));
    }
}

static void looked_up_classes_are_those_that_are_computed(void **state) {
    (void)state;
    for (size_t bytes = 0; bytes <= CN_CLASS_TABLE_MAX_BYTES; bytes++) {
        assert_int_equal(cn_class_of_small(bytes), cn_class_of(bytes));
    }
}

static void requests_above_128_waste_at_most_an_eighth(void **state) {
    (void)state;
    for (size_t bytes = 129; bytes <= CN_BLOCK_MAX_BYTES; bytes++) {
        size_t block_bytes = cn_class_at(cn_class_of(bytes))->block_bytes;
        assert_true((block_bytes - bytes) * 8 < block_bytes);
    }
}

static void requests_up_to_128_waste_less_than_a_granule(void **state) {
    (void)state;
    for (size_t bytes = 1; bytes <= 128; bytes++) {
        assert_true(cn_class_at(cn_class_of(bytes))->block_bytes - bytes < CN_GRANULE_BYTES);
    }
}

static void aligned_requests_get_blocks_that_are_multiples(void **state) {
    (void)state;
    for (size_t alignment = 1; alignment <= CN_BLOCK_MAX_BYTES; alignment *= 2) {
        for (size_t bytes = 0; bytes <= CN_BLOCK_MAX_BYTES; bytes += bytes < 4096 ? 1 : 7) {
            size_t block_bytes = cn_class_at(cn_class_of_aligned(bytes, alignment))->block_bytes;
            assert_true(block_bytes >= bytes);
            assert_int_equal(block_bytes % alignment, 0);
        }
        size_t most = cn_class_at(cn_class_of_aligned(CN_BLOCK_MAX_BYTES, alignment))->block_bytes;
        assert_int_equal(most, CN_BLOCK_MAX_BYTES);
    }
}

static void aligned_requests_get_the_least_class_that_will_do(void **state) {
    (void)state;
    for (size_t alignment = 1; alignment <= CN_BLOCK_MAX_BYTES; alignment *= 2) {
        for (size_t bytes = 0; bytes <= CN_BLOCK_MAX_BYTES; bytes += bytes < 2048 ? 1 : 13) {
            assert_int_equal(cn_class_of_aligned(bytes, alignment), model_class(bytes, alignment));
        }
    }
}

static void pools_hold_eight_blocks_and_waste_little(void **state) {
    (void)state;
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) { /* S2 */
        const struct cn_class *entry = cn_class_at(i);
        size_t pool_bytes = (size_t)entry->pool_slots * CN_SLOT_BYTES;
        assert_true(cn_is_power_of_two(entry->pool_slots) && entry->pool_slots <= CN_POOL_SLOTS_MAX);
        assert_int_equal(entry->pool_blocks, pool_bytes / entry->block_bytes);
        assert_true(entry->pool_blocks >= 8);
        size_t slack = pool_bytes - (size_t)entry->pool_blocks * entry->block_bytes;
        assert_true(slack * (entry->pool_slots < CN_POOL_SLOTS_MAX ? 32 : 11) <= pool_bytes);
    }
}

static void block_around_a_byte_is_that_of_a_division(void **state) {
    (void)state;
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
        const struct cn_class *entry = cn_class_at(i);
        size_t pool_bytes = (size_t)entry->pool_slots * CN_SLOT_BYTES;
        for (size_t byte = 0; byte < pool_bytes; byte += 13) {
            assert_int_equal(cn_class_block_at(entry, byte), byte / entry->block_bytes);
        }
        for (size_t end = entry->block_bytes; end < pool_bytes; end += entry->block_bytes) {
            assert_int_equal(cn_class_block_at(entry, end - 1), end / entry->block_bytes - 1);
            assert_int_equal(cn_class_block_at(entry, end), end / entry->block_bytes);
        }
    }
}

static void starts_mark_each_block_of_a_word(void **state) {
    (void)state;
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
        for (unsigned granule = 0; granule < CN_WORD_GRANULES; granule++) {
            bool starts = (cn_class_at(i)->starts >> granule & 1) != 0;
            assert_int_equal(starts, granule % cn_class_at(i)->block_granules == 0);
        }
    }
}

static void magazines_lie_one_after_another_within_their_room(void **state) {
    (void)state;
    size_t entries = 0;
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
        const struct cn_class *entry = cn_class_at(i);
        assert_int_equal(entry->magazine_offset, entries);
        assert_true(entry->magazine_blocks >= 2 && entry->magazine_blocks <= CN_MAGAZINE_MAX_BLOCKS);
        entries += 1 + entry->magazine_blocks;
    }
    assert_true(entries <= CN_MAGAZINE_ENTRIES); /* S4 */
}

static void magazines_hold_no_more_of_larger_classes(void **state) {
    (void)state;
    for (unsigned i = 1; i < CN_CLASS_COUNT; i++) {
        assert_true(cn_class_at(i)->magazine_blocks <= cn_class_at(i - 1)->magazine_blocks);
    }
}

static void class_keeps_what_is_its_own_up_to_a_quarter_less(void **state) {
    (void)state;
    for (size_t bytes = 0; bytes <= CN_BLOCK_MAX_BYTES + 1; bytes += bytes < 5000 ? 1 : 37) {
        for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
            bool is_kept = bytes != 0 && bytes <= CN_BLOCK_MAX_BYTES && i >= cn_class_of(bytes) &&
                           i <= cn_class_of(cn_class_with_room(bytes));
            assert_int_equal(cn_class_keeps(i, bytes), is_kept); /* S5 */
        }
    }
    assert_false(cn_class_keeps(0, SIZE_MAX));
    assert_false(cn_class_keeps(CN_CLASS_COUNT - 1, SIZE_MAX));
}

static void room_is_a_quarter_and_ends_with_the_largest_class(void **state) {
    (void)state;
    assert_int_equal(cn_class_with_room(1), 1);
    assert_int_equal(cn_class_with_room(100), 125);
    assert_int_equal(cn_class_with_room(CN_BLOCK_MAX_BYTES / 5 * 4),
                     CN_BLOCK_MAX_BYTES / 5 * 4 + CN_BLOCK_MAX_BYTES / 5);
    assert_int_equal(cn_class_with_room(CN_BLOCK_MAX_BYTES), CN_BLOCK_MAX_BYTES);
}

static void table_is_looked_into_from_its_opening_on(void **state) {
    (void)state;
    assert_int_equal(cn_class_table.small_end, 0);
    cn_class_open();
    assert_int_equal(cn_class_table.small_end, CN_CLASS_TABLE_MAX_BYTES + 1);
}

static void second_initialisation_changes_nothing(void **state) {
    (void)state;
    static struct cn_class_table before;
    before = cn_class_table;
    cn_class_init();
    assert_memory_equal(&before, &cn_class_table, sizeof before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_have_the_sizes_of_the_rule),
        cmocka_unit_test(every_request_gets_the_least_class_that_holds_it),
        cmocka_unit_test(looked_up_classes_are_those_that_are_computed),
        cmocka_unit_test(requests_above_128_waste_at_most_an_eighth),
        cmocka_unit_test(requests_up_to_128_waste_less_than_a_granule),
        cmocka_unit_test(aligned_requests_get_blocks_that_are_multiples),
        cmocka_unit_test(aligned_requests_get_the_least_class_that_will_do),
        cmocka_unit_test(pools_hold_eight_blocks_and_waste_little),
        cmocka_unit_test(block_around_a_byte_is_that_of_a_division),
        cmocka_unit_test(starts_mark_each_block_of_a_word),
        cmocka_unit_test(magazines_lie_one_after_another_within_their_room),
        cmocka_unit_test(magazines_hold_no_more_of_larger_classes),
        cmocka_unit_test(class_keeps_what_is_its_own_up_to_a_quarter_less),
        cmocka_unit_test(room_is_a_quarter_and_ends_with_the_largest_class),
        cmocka_unit_test(table_is_looked_into_from_its_opening_on),
        cmocka_unit_test(second_initialisation_changes_nothing),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
