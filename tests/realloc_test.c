/*
 * realloc_test.c: cairn_realloc and cairn_reallocarray: contents on the way up and down through pools, spans and
 * mappings, the edges, and failure, which leaves the block as it was.
 */
#define _GNU_SOURCE
#include "alloc/cairn.h"
#include "tests/support.h"

/* In the debug form, and while AddressSanitizer watches, each realloc moves its block, by design. */
static bool is_always_moved(void) {
    void *block = cairn_malloc(100);
    uintptr_t before = (uintptr_t)block;
    block = cairn_realloc(block, 100);
    uintptr_t after = (uintptr_t)block;
    cairn_free(block);
    return before != after;
}

/* Resizes and requires that what both sizes share was kept; the block then carries the pattern of its new size. */
static void *resize(void *block, size_t old_size, size_t new_size, uint64_t seed) {
    unsigned char *moved = cairn_realloc(block, new_size);
    assert_non_null(moved);
    assert_true(is_aligned(moved, 16));
    assert_true(cairn_usable_size(moved) >= new_size);
    assert_true(has_pattern(moved, old_size < new_size ? old_size : new_size, seed));
    fill_pattern(moved, new_size, seed);
    return moved;
}

static uint64_t live_blocks(void) {
    static struct cairn_stats stats;
    cairn_stats_get(&stats);
    return stats.block_count;
}

static void realloc_of_null_is_malloc(void **state) {
    (void)state;
    void *block = cairn_realloc(NULL, 100);
    void *empty = cairn_realloc(NULL, 0);
    assert_non_null(block);
    assert_non_null(empty);
    memset(block, 1, 100);
    cairn_free(block);
    cairn_free(empty);
    block = cairn_reallocarray(NULL, 10, 100);
    assert_true(cairn_usable_size(block) >= 1000);
    cairn_free(block);
}

static void realloc_to_zero_frees_and_returns_null(void **state) {
    (void)state;
    uint64_t before = live_blocks();
    for (size_t size = 0; size <= 5 * MIB; size += size / 2 + 1) {
        void *block = cairn_malloc(size);
        assert_non_null(block);
        assert_null(cairn_realloc(block, 0));
        block = cairn_malloc(size);
        assert_null(cairn_reallocarray(block, hide_size(SIZE_MAX), 0));
        block = cairn_malloc(size);
        assert_null(cairn_reallocarray(block, 0, hide_size(SIZE_MAX)));
    }
    for (size_t alignment = 16; alignment <= 4 * MIB; alignment *= 2) {
        void *empty = cairn_aligned_alloc(alignment, 0);
        assert_non_null(empty);
        assert_null(cairn_realloc(empty, 0));
    }
    assert_int_equal(live_blocks(), before);
}

static void every_small_step_up_keeps_the_contents(void **state) {
    (void)state;
    unsigned char *block = cairn_malloc(0);
    for (size_t size = 1; size <= 70000; size++) {
        block = cairn_realloc(block, size);
        assert_non_null(block);
        block[size - 1] = (unsigned char)(size * 31);
    }
    for (size_t size = 1; size <= 70000; size++) {
        assert_int_equal(block[size - 1], (unsigned char)(size * 31));
    }
    cairn_free(block);
}

static void block_that_is_appended_to_moves_seldom(void **state) {
    (void)state;
    if (is_always_moved()) {
        skip();
    }
    unsigned char *block = cairn_malloc(1024);
    unsigned moves = 0;
    for (size_t size = 1024; size <= 65536; size += 32) {
        unsigned char *resized = cairn_realloc(block, size);
        moves += resized != block;
        block = resized;
    }
    assert_in_range(moves, 6, 24); /* 48 size classes lie between */
    cairn_free(block);
}

static void block_that_doubles_gets_no_room(void **state) {
    (void)state;
    if (is_always_moved()) {
        skip();
    }
    void *block = cairn_malloc(1024);
    for (size_t size = 2048; size <= 65536; size *= 2) {
        block = cairn_realloc(block, size);
        assert_int_equal(cairn_usable_size(block), size);
    }
    cairn_free(block);
}

static void every_small_step_down_keeps_the_contents(void **state) {
    (void)state;
    size_t size = 70000;
    unsigned char *block = cairn_malloc(size);
    fill_pattern(block, size, 5);
    while (size > 1) {
        size -= 1 + size / 512;
        block = cairn_realloc(block, size);
        assert_non_null(block);
        assert_true(has_pattern(block, size, 5));
    }
    cairn_free(block);
}

static void doubling_to_256_mib_and_back_keeps_the_contents(void **state) {
    (void)state;
    size_t size = 16;
    void *block = cairn_malloc(size);
    fill_pattern(block, size, 3);
    for (; size < 256 * MIB; size *= 2) {
        block = resize(block, size, size * 2, 3);
    }
    for (; size > 16; size /= 2) {
        block = resize(block, size, size / 2, 3);
    }
    cairn_free(block);
    assert_true(cairn_check());
}

static void growth_by_half_past_neighbours_keeps_the_contents(void **state) {
    (void)state;
    void *neighbours[64] = {NULL};
    size_t size = 1000;
    void *block = cairn_malloc(size);
    fill_pattern(block, size, 9);
    for (size_t i = 0; size < 50 * MIB; i++) {
        size_t next = size + size / 2 + 1;
        neighbours[i] = cairn_malloc(size);
        fill_pattern(neighbours[i], 1000, i);
        block = resize(block, size, next, 9);
        size = next;
    }
    for (size_t i = 0; i < 64 && neighbours[i] != NULL; i++) {
        assert_true(has_pattern(neighbours[i], 1000, i));
        cairn_free(neighbours[i]);
    }
    cairn_free(block);
}

static void jumps_between_all_kinds_of_size_keep_the_contents(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 100, 4000, 33000, 65536, 65537, 200000, 4 * MIB - 1, 4 * MIB + 1, 33 * MIB};
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < COUNT; j++) {
            void *block = cairn_malloc(sizes[i]);
            fill_pattern(block, sizes[i], i + j);
            cairn_free(resize(block, sizes[i], sizes[j], i + j));
        }
    }
    assert_true(cairn_check());
}

static void an_aligned_block_keeps_its_contents(void **state) {
    (void)state;
    for (size_t alignment = 32; alignment <= 64 * MIB; alignment *= 4) {
        for (size_t size = 10; size <= MIB; size *= 10) {
            void *block = cairn_aligned_alloc(alignment, size);
            fill_pattern(block, size, alignment);
            block = resize(block, size, size * 3, alignment);
            cairn_free(resize(block, size * 3, size / 2, alignment));
        }
    }
    assert_true(cairn_check());
}

static void failure_leaves_the_block_as_it_was(void **state) {
    (void)state;
    for (size_t size = 1; size <= 10 * MIB; size = size * 5 + 3) {
        void *block = cairn_malloc(size);
        fill_pattern(block, size, size);
        errno = 0;
        assert_null(cairn_realloc(block, hide_size((size_t)PTRDIFF_MAX + 1)));
        assert_int_equal(errno, ENOMEM);
        assert_null(cairn_realloc(block, hide_size(SIZE_MAX)));
        assert_null(cairn_realloc(block, hide_size((size_t)PTRDIFF_MAX)));
        errno = 0;
        assert_null(cairn_reallocarray(block, hide_size(SIZE_MAX / 2), 3));
        assert_int_equal(errno, ENOMEM);
        assert_true(has_pattern(block, size, size));
        cairn_free(block);
    }
}

static void a_grown_block_can_be_written_to_its_end(void **state) {
    (void)state;
    void *block = NULL;
    for (size_t size = 24; size <= 30 * MIB; size += size / 4) {
        block = cairn_realloc(block, size);
        assert_non_null(block);
        memset(block, 0x5a, cairn_usable_size(block));
    }
    cairn_free(block);
    assert_true(cairn_check());
}

static void a_large_block_that_shrinks_gives_memory_back(void **state) {
    (void)state;
    size_t size = 128 * MIB;
    void *block = cairn_malloc(size);
    memset(block, 1, size);
    size_t full = resident_bytes();
    block = cairn_realloc(block, 100);
    assert_non_null(block);
    cairn_trim();
    assert_true(resident_bytes() + 100 * MIB < full);
    cairn_free(block);
}

static void random_resizes_keep_every_content(void **state) {
    (void)state;
    enum { COUNT = 500, STEPS = 60000 };
    static void *blocks[COUNT];
    static size_t sizes[COUNT];
    uint64_t random = 11;
    for (size_t step = 0; step < STEPS; step++) {
        size_t i = random_next(&random) % COUNT;
        size_t size = random_size(&random, step % 50 ? 14 : 22) + 1;
        blocks[i] = resize(blocks[i], sizes[i], size, i);
        sizes[i] = size;
    }
    assert_true(cairn_check());
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(has_pattern(blocks[i], sizes[i], i));
        cairn_free(blocks[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(realloc_of_null_is_malloc),
        cmocka_unit_test(realloc_to_zero_frees_and_returns_null),
        cmocka_unit_test(every_small_step_up_keeps_the_contents),
        cmocka_unit_test(every_small_step_down_keeps_the_contents),
        cmocka_unit_test(block_that_is_appended_to_moves_seldom),
        cmocka_unit_test(block_that_doubles_gets_no_room),
        cmocka_unit_test(doubling_to_256_mib_and_back_keeps_the_contents),
        cmocka_unit_test(growth_by_half_past_neighbours_keeps_the_contents),
        cmocka_unit_test(jumps_between_all_kinds_of_size_keep_the_contents),
        cmocka_unit_test(an_aligned_block_keeps_its_contents),
        cmocka_unit_test(failure_leaves_the_block_as_it_was),
        cmocka_unit_test(a_grown_block_can_be_written_to_its_end),
        cmocka_unit_test(a_large_block_that_shrinks_gives_memory_back),
        cmocka_unit_test(random_resizes_keep_every_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
