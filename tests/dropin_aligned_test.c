/*
 * dropin_aligned_test.c: aligned_alloc, memalign, posix_memalign, valloc and pvalloc as glibc 2.36 has them. There
 * aligned_alloc is memalign: an alignment that is no power of two is rounded up to one, 0 means malloc's own, and only
 * one above SIZE_MAX / 2 + 1, for which there is no power of two, is EINVAL.
 */
#define _GNU_SOURCE
#include "tests/dropin.h"

typedef void *align_fn(size_t alignment, size_t size);

static char marker; /* its address shows that an out-pointer was left alone */

static size_t page_bytes(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static void check_block(void *block, size_t alignment, size_t size) {
    assert_non_null(block);
    assert_true(is_aligned(block, alignment));
    assert_true(malloc_usable_size(block) >= size);
    memset(block, 0x69, size < MIB ? malloc_usable_size(block) : size);
}

static void expect_einval(void *block) {
    int error = errno;
    assert_null(block);
    assert_int_equal(error, EINVAL);
    errno = 0;
}

/* ---- memalign and aligned_alloc ------------------------------------------------------------------------------ */

static void check_powers(align_fn *take) {
    for (size_t alignment = 1; alignment <= 256 * MIB; alignment *= 2) {
        for (size_t size = 0; size <= MIB; size = size * 7 + 1) {
            void *block = hide(take(alignment, size));
            void *neighbour = hide(take(alignment, size));
            check_block(block, alignment, size);
            check_block(neighbour, alignment, size);
            assert_ptr_not_equal(block, neighbour);
            free(block);
            free(neighbour);
        }
    }
}

static void every_power_of_two_is_an_alignment(void **state) {
    (void)state;
    check_powers(memalign);
    check_powers(aligned_alloc);
}

static void check_rounding_up(align_fn *take) {
    static const size_t alignments[][2] = {{0, 16},           {3, 16},      {17, 32},        {33, 64},
                                           {48, 64},          {1000, 1024}, {4097, 8 * KIB}, {70000, 128 * KIB},
                                           {3 * MIB, 4 * MIB}};
    for (size_t i = 0; i < sizeof alignments / sizeof alignments[0]; i++) {
        for (size_t size = 1; size < 100000; size = size * 3 + 2) {
            void *block = hide(take(hide_size(alignments[i][0]), size));
            check_block(block, alignments[i][1], size);
            free(block);
        }
    }
}

static void other_alignments_are_rounded_up(void **state) {
    (void)state;
    check_rounding_up(memalign);
    check_rounding_up(aligned_alloc);
}

static void check_too_large(align_fn *take) {
    errno = 0;
    for (size_t i = 0; i < ABSURD_COUNT; i++) {
        for (size_t alignment = 1; alignment <= 16 * MIB; alignment *= 2) {
            expect_enomem(take(alignment, hide_size(absurd_sizes[i])));
        }
    }
    expect_enomem(take(page_bytes(), hide_size(SIZE_MAX - page_bytes() + 1)));
}

static void absurd_sizes_are_enomem(void **state) {
    (void)state;
    check_too_large(memalign);
    check_too_large(aligned_alloc);
}

static void check_absurd_alignments(align_fn *take) {
    static const size_t without_power[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 4095, SIZE_MAX / 2 + 2};
    for (size_t i = 0; i < sizeof without_power / sizeof without_power[0]; i++) {
        errno = 0;
        expect_einval(take(hide_size(without_power[i]), 1));
        expect_einval(take(hide_size(without_power[i]), page_bytes()));
    }
    for (unsigned shift = 48; shift < 64; shift++) {
        expect_enomem(take(hide_size((size_t)1 << shift), 1));
        expect_enomem(take(hide_size((size_t)1 << shift), 100 * KIB));
        expect_enomem(take(hide_size(((size_t)1 << shift) - 1), 1));
    }
}

static void alignments_without_address_are_einval_or_enomem(void **state) {
    (void)state;
    check_absurd_alignments(memalign);
    check_absurd_alignments(aligned_alloc);
}

/* The sum of the two must not wrap around to something small. */
static void absurd_alignment_with_absurd_size_is_enomem(void **state) {
    (void)state;
    errno = 0;
    for (unsigned shift = 40; shift < 63; shift++) {
        for (size_t i = 0; i < ABSURD_COUNT; i++) {
            expect_enomem(memalign(hide_size((size_t)1 << shift), hide_size(absurd_sizes[i])));
            expect_enomem(aligned_alloc(hide_size((size_t)1 << shift), hide_size(absurd_sizes[i])));
        }
    }
    if (on_cairn()) { /* glibc's own sum wraps here */
        expect_enomem(memalign(hide_size((size_t)1 << 63), (size_t)PTRDIFF_MAX));
        expect_enomem(aligned_alloc(hide_size((size_t)1 << 63), (size_t)PTRDIFF_MAX));
    }
}

/* ---- posix_memalign ------------------------------------------------------------------------------------------ */

static void posix_memalign_serves_powers_of_two(void **state) {
    (void)state;
    for (size_t alignment = sizeof(void *); alignment <= 64 * MIB; alignment *= 2) {
        for (size_t size = 0; size <= MIB; size = size * 9 + 1) {
            void *block = NULL;
            errno = 31;
            assert_int_equal(posix_memalign(&block, alignment, size), 0);
            assert_int_equal(errno, 31);
            check_block(block, alignment, size);
            free(block);
        }
    }
}

static void posix_memalign_refuses_other_alignments(void **state) {
    (void)state;
    static const size_t wrong[] = {0,           1, 2, 3, 4, 7, 9, 12, 24, 40, 4095, 4097, SIZE_MAX, SIZE_MAX - 4095,
                                   SIZE_MAX / 2};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        void *block = &marker;
        assert_int_equal(posix_memalign(&block, hide_size(wrong[i]), 64), EINVAL);
        assert_ptr_equal(block, &marker);
        assert_int_equal(posix_memalign(&block, hide_size(wrong[i]), SIZE_MAX), EINVAL);
        assert_ptr_equal(block, &marker);
    }
}

static void posix_memalign_without_memory_leaves_the_pointer_alone(void **state) {
    (void)state;
    void *block = &marker;
    for (size_t i = 0; i < ABSURD_COUNT; i++) {
        for (size_t alignment = sizeof(void *); alignment <= MIB; alignment *= 2) {
            assert_int_equal(posix_memalign(&block, alignment, hide_size(absurd_sizes[i])), ENOMEM);
            assert_ptr_equal(block, &marker);
        }
    }
    assert_int_equal(posix_memalign(&block, page_bytes(), hide_size(SIZE_MAX - page_bytes() + 1)), ENOMEM);
    assert_int_equal(posix_memalign(&block, hide_size((size_t)1 << 62), 1), ENOMEM);
    assert_ptr_equal(block, &marker);
}

/* ---- valloc and pvalloc -------------------------------------------------------------------------------------- */

static void valloc_is_aligned_to_pages(void **state) {
    (void)state;
    for (size_t size = 0; size <= 3 * MIB; size = size * 3 + 1) {
        void *block = hide(valloc(size));
        check_block(block, page_bytes(), size);
        free(block);
    }
}

static void pvalloc_takes_whole_pages(void **state) {
    (void)state;
    for (size_t size = 1; size <= 3 * MIB; size = size * 3 + 1) {
        size_t rounded = (size + page_bytes() - 1) / page_bytes() * page_bytes();
        void *block = hide(pvalloc(size));
        check_block(block, page_bytes(), rounded);
        free(block);
    }
}

static void pvalloc_of_zero_succeeds(void **state) {
    (void)state;
    void *first = hide(pvalloc(hide_size(0)));
    void *second = hide(pvalloc(hide_size(0)));
    assert_true(first != NULL && second != NULL && first != second);
    assert_true(is_aligned(first, page_bytes()));
    free(first);
    free(second);
}

static void absurd_page_sizes_are_enomem(void **state) {
    (void)state;
    errno = 0;
    for (size_t i = 0; i < ABSURD_COUNT; i++) {
        expect_enomem(valloc(hide_size(absurd_sizes[i])));
        expect_enomem(pvalloc(hide_size(absurd_sizes[i])));
    }
    expect_enomem(pvalloc(hide_size(SIZE_MAX - page_bytes() + 1)));
    expect_enomem(pvalloc(hide_size(SIZE_MAX - page_bytes())));
}

/* ---- together with the others -------------------------------------------------------------------------------- */

static void aligned_blocks_can_be_resized(void **state) {
    (void)state;
    for (size_t alignment = 16; alignment <= 8 * MIB; alignment *= 4) {
        for (size_t size = 1; size < 2 * MIB; size = size * 11 + 5) {
            void *block = hide(memalign(alignment, size));
            fill_pattern(block, size, 8);
            block = hide(realloc(block, size * 4));
            assert_true(has_pattern(block, size, 8));
            block = hide(realloc(block, size / 3 + 1));
            assert_true(has_pattern(block, size / 3, 8));
            free(block);
        }
    }
}

static void aligned_and_plain_blocks_mix(void **state) {
    (void)state;
    enum { COUNT = 400, STEPS = 20000 };
    static void *blocks[COUNT];
    static size_t sizes[COUNT];
    uint64_t random = 99;
    for (size_t step = 0; step < STEPS; step++) {
        size_t i = random_next(&random) % COUNT;
        assert_true(has_pattern(blocks[i], sizes[i], i));
        free(blocks[i]);
        sizes[i] = random_size(&random, step % 64 ? 13 : 20);
        size_t alignment = (size_t)1 << random_next(&random) % 15;
        blocks[i] = step % 2 ? hide(malloc(sizes[i])) : hide(memalign(alignment, sizes[i]));
        assert_true(step % 2 || is_aligned(blocks[i], alignment));
        fill_pattern(blocks[i], sizes[i], i);
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(has_pattern(blocks[i], sizes[i], i));
        free(blocks[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_power_of_two_is_an_alignment),
        cmocka_unit_test(other_alignments_are_rounded_up),
        cmocka_unit_test(absurd_sizes_are_enomem),
        cmocka_unit_test(alignments_without_address_are_einval_or_enomem),
        cmocka_unit_test(absurd_alignment_with_absurd_size_is_enomem),
        cmocka_unit_test(posix_memalign_serves_powers_of_two),
        cmocka_unit_test(posix_memalign_refuses_other_alignments),
        cmocka_unit_test(posix_memalign_without_memory_leaves_the_pointer_alone),
        cmocka_unit_test(valloc_is_aligned_to_pages),
        cmocka_unit_test(pvalloc_takes_whole_pages),
        cmocka_unit_test(pvalloc_of_zero_succeeds),
        cmocka_unit_test(absurd_page_sizes_are_enomem),
        cmocka_unit_test(aligned_blocks_can_be_resized),
        cmocka_unit_test(aligned_and_plain_blocks_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
