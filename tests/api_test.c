/*
 * api_test.c: the blocks of cairn.h: every size, the edges (0, NULL, overflow), alignment, clearing, errno, and what
 * looks at the heap. realloc has its own file, realloc_test.c; named heaps theirs, named_heap_test.c.
 */
#define _GNU_SOURCE
#include "alloc/cairn.h"
#include "tests/support.h"

static bool is_debug_form(void) { return strstr(cairn_version(), "debug") != NULL; }

static const size_t too_large[] = {
    (size_t)PTRDIFF_MAX,
    (size_t)PTRDIFF_MAX + 1,
    SIZE_MAX,
    SIZE_MAX - 1,
    SIZE_MAX - 15,
    SIZE_MAX - 16,
    SIZE_MAX - 4095,
    SIZE_MAX - 65535,
    SIZE_MAX - ((size_t)4 << 20),
    (size_t)PTRDIFF_MAX - 1,
    (size_t)PTRDIFF_MAX + 4096,
};
enum { TOO_LARGE_COUNT = sizeof too_large / sizeof too_large[0] };

/* ---- sizes --------------------------------------------------------------------------------------------------- */

static void malloc_of_zero_gives_blocks_of_their_own(void **state) {
    (void)state;
    void *blocks[100];
    for (size_t i = 0; i < 100; i++) {
        blocks[i] = cairn_malloc(0);
        assert_non_null(blocks[i]);
        assert_true(is_aligned(blocks[i], 16));
        for (size_t j = 0; j < i; j++) {
            assert_ptr_not_equal(blocks[i], blocks[j]);
        }
    }
    for (size_t i = 0; i < 100; i++) {
        cairn_free(blocks[i]);
    }
}

static void check_size(size_t size) {
    unsigned char *block = cairn_malloc(size);
    assert_non_null(block);
    assert_true(is_aligned(block, 16));
    size_t usable = cairn_usable_size(block);
    assert_true(usable >= size);
    memset(block, 0xa5, usable);
    cairn_free(block);
}

static void every_size_is_served_aligned_and_writable(void **state) {
    (void)state;
    for (size_t size = 0; size <= 70000; size++) {
        check_size(size);
    }
}

static void sizes_around_each_power_of_two_are_served(void **state) {
    (void)state;
    for (size_t power = 64 * KIB; power <= 256 * MIB; power *= 2) {
        check_size(power - 1);
        check_size(power);
        check_size(power + 1);
        check_size(power + 4096);
    }
    assert_true(cairn_check());
}

static void small_blocks_waste_less_than_a_granule(void **state) {
    (void)state;
    for (size_t size = 1; size <= 128; size++) {
        void *block = cairn_malloc(size);
        assert_true(cairn_usable_size(block) - size < 16);
        cairn_free(block);
    }
}

static void pool_blocks_waste_at_most_an_eighth(void **state) {
    (void)state;
    for (size_t size = 129; size <= 64 * KIB; size++) {
        void *block = cairn_malloc(size);
        assert_true((cairn_usable_size(block) - size) * 8 <= size);
        cairn_free(block);
    }
}

static void usable_size_of_null_is_zero(void **state) {
    (void)state;
    assert_int_equal(cairn_usable_size(NULL), 0);
}

/* ---- failure ------------------------------------------------------------------------------------------------- */

static void expect_enomem(void *block) {
    int error = errno;
    assert_null(block);
    assert_int_equal(error, ENOMEM);
    errno = 0;
}

static void sizes_above_ptrdiff_max_fail_with_enomem(void **state) {
    (void)state;
    errno = 0;
    for (size_t i = 0; i < TOO_LARGE_COUNT; i++) {
        expect_enomem(cairn_malloc(hide_size(too_large[i])));
        expect_enomem(cairn_calloc(1, hide_size(too_large[i])));
        expect_enomem(cairn_calloc(hide_size(too_large[i]), 1));
        expect_enomem(cairn_realloc(NULL, hide_size(too_large[i])));
        expect_enomem(cairn_reallocarray(NULL, 1, hide_size(too_large[i])));
        for (size_t alignment = 1; alignment <= 4 * MIB; alignment *= 2) {
            expect_enomem(cairn_aligned_alloc(alignment, hide_size(too_large[i])));
        }
    }
}

static void products_that_overflow_fail_with_enomem(void **state) {
    (void)state;
    errno = 0;
    for (unsigned shift = 1; shift < 64; shift++) {
        size_t a = hide_size((size_t)1 << shift);
        size_t b = hide_size((size_t)1 << (64 - shift));
        size_t just_above = SIZE_MAX / a + 1;
        expect_enomem(cairn_calloc(a, b));
        expect_enomem(cairn_calloc(a, just_above));
        expect_enomem(cairn_calloc(a, just_above - 1));
        expect_enomem(cairn_reallocarray(NULL, a, b));
        expect_enomem(cairn_reallocarray(NULL, just_above, a));
    }
    expect_enomem(cairn_calloc(hide_size(SIZE_MAX), hide_size(SIZE_MAX)));
    expect_enomem(cairn_calloc(hide_size((size_t)PTRDIFF_MAX / 2 + 1), 2));
}

static void products_of_zero_are_blocks_of_size_zero(void **state) {
    (void)state;
    void *none_of_many = cairn_calloc(0, hide_size(SIZE_MAX));
    void *many_of_none = cairn_calloc(hide_size(SIZE_MAX), 0);
    assert_non_null(none_of_many);
    assert_non_null(many_of_none);
    assert_ptr_not_equal(none_of_many, many_of_none);
    cairn_free(none_of_many);
    cairn_free(many_of_none);
}

static void free_keeps_errno(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 64, 5000, 40000, 100 * KIB, 3 * MIB, 20 * MIB, 300 * MIB};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *block = cairn_malloc(sizes[i]);
        assert_non_null(block);
        errno = 1789;
        cairn_free(block);
        assert_int_equal(errno, 1789);
    }
    cairn_free(NULL);
    cairn_free_sized(NULL, 0);
    cairn_free_aligned_sized(NULL, 64, 0);
    assert_int_equal(errno, 1789);
}

/* ---- clearing ------------------------------------------------------------------------------------------------ */

static void calloc_clears_memory_that_was_used_before(void **state) {
    (void)state;
    for (size_t size = 1; size <= 40 * MIB; size += size / 3 + 1) {
        for (unsigned round = 0; round < 3; round++) {
            unsigned char *block = cairn_calloc(1, size);
            assert_non_null(block);
            assert_true(is_zero(block, size));
            memset(block, 0xff, cairn_usable_size(block));
            cairn_free(block);
        }
    }
}

static void calloc_clears_after_a_trim_and_after_another_class(void **state) {
    (void)state;
    enum { COUNT = 2000 };
    static unsigned char *blocks[COUNT];
    for (size_t size = 32; size <= 32 * KIB; size *= 4) {
        for (size_t i = 0; i < COUNT; i++) {
            blocks[i] = cairn_calloc(3, size);
            assert_true(is_zero(blocks[i], 3 * size));
            memset(blocks[i], 0xee, cairn_usable_size(blocks[i]));
        }
        for (size_t i = 0; i < COUNT; i++) {
            cairn_free(blocks[i]);
        }
        if (size == 512) {
            cairn_trim();
        }
    }
}

/* ---- alignment ----------------------------------------------------------------------------------------------- */

static void check_aligned(size_t alignment, size_t size) {
    unsigned char *first = cairn_aligned_alloc(alignment, size);
    unsigned char *second = cairn_aligned_alloc(alignment, size);
    assert_non_null(first);
    assert_non_null(second);
    assert_true(is_aligned(first, alignment) && is_aligned(second, alignment));
    assert_true(is_aligned(first, 16) && is_aligned(second, 16));
    size_t first_bytes = cairn_usable_size(first) < MIB ? cairn_usable_size(first) : size;
    assert_true(cairn_usable_size(first) >= size && cairn_usable_size(second) >= size);
    fill_pattern(first, first_bytes, alignment);
    fill_pattern(second, size, alignment + 1);
    assert_true(has_pattern(first, first_bytes, alignment));
    assert_true(has_pattern(second, size, alignment + 1));
    cairn_free(first);
    cairn_free_aligned_sized(second, alignment, size);
}

static void every_power_of_two_is_an_alignment(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 24, 100, 1000, 4096, 4097, 33000, 70000, 300000};
    for (size_t alignment = 1; alignment <= GIB; alignment *= 2) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            check_aligned(alignment, sizes[i]);
        }
    }
    assert_true(cairn_check());
}

static void large_sizes_take_large_alignments(void **state) {
    (void)state;
    for (size_t alignment = 4 * KIB; alignment <= 64 * MIB; alignment *= 4) {
        check_aligned(alignment, 4 * MIB - 1);
        check_aligned(alignment, 4 * MIB + 1);
        check_aligned(alignment, 9 * MIB);
    }
}

static void alignments_that_are_no_power_of_two_are_einval(void **state) {
    (void)state;
    static const size_t alignments[] = {
        0, 3, 5, 24, 48, 1000, 4095, 4097, SIZE_MAX, SIZE_MAX / 2, ((size_t)1 << 63) + 1};
    for (size_t i = 0; i < sizeof alignments / sizeof alignments[0]; i++) {
        errno = 0;
        void *block = cairn_aligned_alloc(hide_size(alignments[i]), 64);
        int error = errno;
        assert_null(block);
        assert_int_equal(error, EINVAL);
    }
}

static void alignments_beyond_the_address_space_are_enomem(void **state) {
    (void)state;
    for (unsigned shift = 48; shift < 64; shift++) {
        expect_enomem(cairn_aligned_alloc(hide_size((size_t)1 << shift), 1));
        expect_enomem(cairn_aligned_alloc(hide_size((size_t)1 << shift), (size_t)PTRDIFF_MAX));
        expect_enomem(cairn_aligned_alloc(hide_size((size_t)1 << shift), SIZE_MAX));
    }
}

/* ---- many blocks at once ------------------------------------------------------------------------------------- */

static int by_address(const void *a, const void *b) {
    const unsigned char *x = *(unsigned char *const *)a;
    const unsigned char *y = *(unsigned char *const *)b;
    return (x > y) - (x < y);
}

static void live_blocks_do_not_overlap(void **state) {
    (void)state;
    enum { COUNT = 20000 };
    static unsigned char *blocks[COUNT];
    uint64_t random = 1;
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = random_size(&random, 17);
        blocks[i] = i % 7 ? cairn_malloc(size) : cairn_aligned_alloc((size_t)1 << (i % 14), size);
        assert_non_null(blocks[i]);
    }
    qsort(blocks, COUNT, sizeof blocks[0], by_address);
    for (size_t i = 0; i + 1 < COUNT; i++) {
        assert_true(blocks[i] + cairn_usable_size(blocks[i]) <= blocks[i + 1]);
        assert_ptr_not_equal(blocks[i], blocks[i + 1]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        cairn_free(blocks[(i * 7919) % COUNT]);
    }
    assert_true(cairn_check());
}

static void random_work_keeps_every_content(void **state) {
    (void)state;
    enum { COUNT = 3000, STEPS = 150000 };
    static unsigned char *blocks[COUNT];
    static size_t sizes[COUNT];
    uint64_t random = 7;
    for (size_t step = 0; step < STEPS; step++) {
        size_t i = random_next(&random) % COUNT;
        assert_true(has_pattern(blocks[i], sizes[i], i));
        cairn_free(blocks[i]);
        sizes[i] = random_size(&random, step % 100 ? 12 : 20);
        blocks[i] = cairn_malloc(sizes[i]);
        assert_non_null(blocks[i]);
        fill_pattern(blocks[i], sizes[i], i);
    }
    assert_true(cairn_check());
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(has_pattern(blocks[i], sizes[i], i));
        cairn_free(blocks[i]);
    }
}

static void frees_that_name_the_size_they_asked_for_are_taken(void **state) {
    (void)state;
    for (size_t size = 0; size <= 3 * MIB; size += size / 9 + 1) {
        cairn_free_sized(cairn_malloc(size), size);
        cairn_free_sized(cairn_calloc(1, size), size);
        for (size_t alignment = 1; alignment <= 8 * KIB; alignment *= 8) {
            cairn_free_aligned_sized(cairn_aligned_alloc(alignment, size), alignment, size);
        }
    }
    assert_true(cairn_check());
}

static void version_names_the_form(void **state) {
    (void)state;
    assert_non_null(strstr(cairn_version(), CAIRN_VERSION " "));
    assert_true(is_debug_form() != (strstr(cairn_version(), "release") != NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malloc_of_zero_gives_blocks_of_their_own),
        cmocka_unit_test(every_size_is_served_aligned_and_writable),
        cmocka_unit_test(sizes_around_each_power_of_two_are_served),
        cmocka_unit_test(small_blocks_waste_less_than_a_granule),
        cmocka_unit_test(pool_blocks_waste_at_most_an_eighth),
        cmocka_unit_test(usable_size_of_null_is_zero),
        cmocka_unit_test(sizes_above_ptrdiff_max_fail_with_enomem),
        cmocka_unit_test(products_that_overflow_fail_with_enomem),
        cmocka_unit_test(products_of_zero_are_blocks_of_size_zero),
        cmocka_unit_test(free_keeps_errno),
        cmocka_unit_test(calloc_clears_memory_that_was_used_before),
        cmocka_unit_test(calloc_clears_after_a_trim_and_after_another_class),
        cmocka_unit_test(every_power_of_two_is_an_alignment),
        cmocka_unit_test(large_sizes_take_large_alignments),
        cmocka_unit_test(alignments_that_are_no_power_of_two_are_einval),
        cmocka_unit_test(alignments_beyond_the_address_space_are_enomem),
        cmocka_unit_test(live_blocks_do_not_overlap),
        cmocka_unit_test(random_work_keeps_every_content),
        cmocka_unit_test(frees_that_name_the_size_they_asked_for_are_taken),
        cmocka_unit_test(version_names_the_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
