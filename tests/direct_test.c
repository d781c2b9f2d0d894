/*
 * direct_test.c: blocks in mappings of their own (direct.h): the table that finds them, through thousands of them,
 * their removal and reuse, and several threads at once.
 */
#define _GNU_SOURCE
#include "alloc/direct.h"

#include <sys/mman.h>

#include "tests/threads.h"
#include "tests/unit.h"

enum { MANY = 3000 };

static size_t page_bytes(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static size_t rounded(size_t bytes) {
    size_t page = page_bytes();
    return bytes == 0 ? page : (bytes + page - 1) / page * page;
}

static char *make(size_t bytes) {
    char *block = cn_direct_malloc(bytes, 16);
    assert_non_null(block);
    assert_int_equal(cn_direct_bytes(block), rounded(bytes));
    return block;
}

struct census {
    size_t count;
    size_t bytes;
    size_t stop_after;
};

static bool count_block(void *block, size_t bytes, void *argument) {
    struct census *census = argument;
    MUST(block != NULL && cn_direct_bytes(block) == bytes);
    census->bytes += bytes;
    return ++census->count != census->stop_after;
}

static void expect_census(size_t count, size_t bytes) {
    struct census census = {0};
    assert_true(cn_direct_walk(count_block, &census));
    assert_int_equal(census.count, count);
    assert_int_equal(census.bytes, bytes);
    assert_int_equal(cn_direct_total_bytes(), bytes);
}

static void table_that_was_never_used_has_nothing(void **state) {
    (void)state;
    int local = 0;
    expect_census(0, 0);
    assert_int_equal(cn_direct_bytes(NULL), 0);
    assert_int_equal(cn_direct_bytes(&local), 0);
    assert_false(cn_direct_free(&local));
    assert_false(cn_direct_resize(&local, 5000));
}

static void blocks_are_zero_writable_and_as_long_as_they_say(void **state) {
    (void)state;
    for (size_t bytes = 0; bytes <= 3 * MIB; bytes = bytes * 2 + 777) {
        char *block = make(bytes);
        assert_true(is_zero(block, rounded(bytes)));
        memset(block, 0x5a, rounded(bytes));
        assert_true(cn_direct_free(block));
        assert_int_equal(cn_direct_bytes(block), 0);
    }
    expect_census(0, 0);
}

static void every_alignment_is_kept(void **state) {
    (void)state;
    for (size_t alignment = 1; alignment <= GIB; alignment *= 2) {
        char *block = cn_direct_malloc(10000, alignment);
        assert_non_null(block);
        assert_true(is_aligned(block, alignment));
        block[9999] = 1;
        assert_true(cn_direct_free(block));
    }
}

static void what_the_system_refuses_is_null_and_not_in_the_table(void **state) {
    (void)state;
    assert_null(cn_direct_malloc((size_t)1 << 60, 16));
    assert_null(cn_direct_malloc(PTRDIFF_MAX, 16));
    assert_null(cn_direct_malloc(4096, (size_t)1 << 62));
    char *block = make(5000);
    fill_pattern(block, 5000, 1);
    assert_false(cn_direct_resize(block, (size_t)1 << 60));
    assert_true(has_pattern(block, 5000, 1)); /* as it was */
    assert_int_equal(cn_direct_bytes(block), rounded(5000));
    assert_true(cn_direct_free(block));
    expect_census(0, 0);
}

static void only_the_start_of_a_block_is_found(void **state) {
    (void)state;
    char *block = make(3 * page_bytes());
    for (size_t offset = 1; offset < 3 * page_bytes(); offset += 511) {
        assert_int_equal(cn_direct_bytes(block + offset), 0);
        assert_false(cn_direct_free(block + offset));
    }
    assert_int_equal(cn_direct_bytes(block + page_bytes()), 0);
    for (uintptr_t address = 0; address < 64; address++) { /* marks of the table itself are no blocks */
        assert_int_equal(cn_direct_bytes((void *)address), 0);
        assert_false(cn_direct_free((void *)address));
    }
    assert_true(cn_direct_free(block));
}

static void second_free_is_refused(void **state) {
    (void)state;
    char *block = make(100);
    assert_true(cn_direct_free(block));
    assert_false(cn_direct_free(block));
    assert_false(cn_direct_resize(block, 200));
    expect_census(0, 0);
}

static void resized_block_stays_where_it_is_with_its_contents(void **state) {
    (void)state;
    char *block = make(8 * MIB);
    fill_pattern(block, 8 * MIB, 2);
    for (size_t bytes = 8 * MIB; bytes > 10; bytes = bytes * 2 / 5) {
        assert_true(cn_direct_resize(block, bytes));
        assert_true(has_pattern(block, bytes, 2));
        expect_census(1, rounded(bytes));
    }
    assert_true(cn_direct_resize(block, 0));
    expect_census(1, page_bytes());
    assert_true(cn_direct_free(block));
    expect_census(0, 0);
}

static void block_grows_where_nothing_is_in_its_way_alone(void **state) {
    (void)state;
    unsigned grown = 0;
    for (unsigned i = 0; i < 20; i++) { /* what is freed at the end leaves room behind the rest */
        char *block = make(4 * MIB);
        assert_true(cn_direct_resize(block, MIB));
        fill_pattern(block, MIB, i);
        bool has_grown = cn_direct_resize(block, 3 * MIB);
        expect_census(1, has_grown ? 3 * MIB : MIB);
        assert_true(has_pattern(block, MIB, i));
        assert_true(!has_grown || is_zero(block + MIB, 2 * MIB));
        grown += has_grown ? 1 : 0;
        assert_true(cn_direct_free(block));
    }
    assert_true(grown > 0);
    char *low = make(2 * MIB);
    assert_true(cn_direct_resize(low, MIB));
    void *in_the_way = mmap(low + MIB, MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    assert_ptr_equal(in_the_way, low + MIB);
    assert_false(cn_direct_resize(low, 2 * MIB));
    assert_int_equal(cn_direct_bytes(low), MIB);
    assert_int_equal(munmap(in_the_way, MIB), 0);
    assert_true(cn_direct_free(low));
}

static void thousands_of_blocks_are_each_found_and_freed(void **state) {
    (void)state;
    static char *blocks[MANY];
    static size_t sizes[MANY];
    uint64_t random = 9;
    size_t bytes = 0;
    for (size_t i = 0; i < MANY; i++) { /* of so many lengths that some have their place in the table in common */
        sizes[i] = 1 + random_next(&random) % 100 * page_bytes();
        blocks[i] = make(sizes[i]);
        blocks[i][0] = (char)i;
        bytes += cn_direct_bytes(blocks[i]);
    }
    expect_census(MANY, bytes);
    for (size_t i = 0; i < MANY; i += 2) {
        bytes -= cn_direct_bytes(blocks[i]);
        assert_true(cn_direct_free(blocks[i]));
    }
    expect_census(MANY / 2, bytes);
    for (size_t i = 1; i < MANY; i += 2) { /* they are found beyond what was removed */
        assert_int_equal(blocks[i][0], (char)i);
        assert_int_equal(cn_direct_bytes(blocks[i]), rounded(sizes[i]));
        assert_int_equal(cn_direct_bytes(blocks[i - 1]), 0);
    }
    for (size_t i = 1; i < MANY; i += 2) {
        assert_true(cn_direct_free(blocks[i]));
    }
    expect_census(0, 0);
}

static void walk_stops_where_it_is_told(void **state) {
    (void)state;
    char *blocks[4];
    for (size_t i = 0; i < 4; i++) {
        blocks[i] = make(1);
    }
    struct census census = {.stop_after = 2};
    assert_false(cn_direct_walk(count_block, &census));
    assert_int_equal(census.count, 2);
    for (size_t i = 0; i < 4; i++) {
        assert_true(cn_direct_free(blocks[i]));
    }
}

/* More blocks come and go than the table has places: places of blocks that are gone serve again. */
static void come_and_go(void *argument) {
    (void)argument;
    enum { KEPT = 64, ROUNDS = 140000 };
    void *kept[KEPT] = {NULL};
    uint64_t random = 3;
    for (unsigned i = 0; i < ROUNDS; i++) {
        void **place = &kept[random_next(&random) % KEPT];
        MUST(*place == NULL || cn_direct_free(*place));
        *place = cn_direct_malloc(1 + random_next(&random) % 3 * page_bytes(), 16);
        MUST(*place != NULL && cn_direct_bytes(*place) != 0);
    }
}

static void places_of_freed_blocks_serve_again(void **state) {
    (void)state;
    expect_return(come_and_go, NULL);
}

/* ---- threads ------------------------------------------------------------------------------------------------- */

static void *make_and_free(void *argument) {
    enum { OWN = 40 };
    char *own[OWN] = {NULL};
    uint64_t random = seed_of_thread();
    for (unsigned i = 0; i < *(unsigned *)argument; i++) {
        size_t index = random_next(&random) % OWN;
        if (own[index] == NULL) {
            own[index] = cn_direct_malloc(page_bytes(), 16);
            MUST(own[index] != NULL && cn_direct_bytes(own[index]) == page_bytes());
            fill_pattern(own[index], page_bytes(), index);
        } else {
            MUST(has_pattern(own[index], page_bytes(), index));
            MUST(cn_direct_free(own[index]));
            own[index] = NULL;
        }
    }
    for (size_t i = 0; i < OWN; i++) {
        MUST(own[i] == NULL || cn_direct_free(own[i]));
    }
    return NULL;
}

static void threads_find_their_own_blocks(void **state) {
    (void)state;
    unsigned steps = 4000;
    run_threads(3, make_and_free, &steps);
    expect_census(0, 0);
}

enum { SHARED = 500 };
static void *shared[SHARED];
static _Atomic unsigned freed;

static void *free_shared(void *argument) {
    (void)argument;
    for (size_t i = 0; i < SHARED; i++) {
        if (cn_direct_free(shared[i])) {
            atomic_fetch_add(&freed, 1);
        }
    }
    return NULL;
}

static void of_threads_that_free_one_block_one_succeeds(void **state) {
    (void)state;
    for (size_t i = 0; i < SHARED; i++) {
        shared[i] = make(1);
    }
    run_threads(3, free_shared, NULL);
    assert_int_equal(freed, SHARED);
    expect_census(0, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_that_was_never_used_has_nothing),
        cmocka_unit_test(blocks_are_zero_writable_and_as_long_as_they_say),
        cmocka_unit_test(every_alignment_is_kept),
        cmocka_unit_test(what_the_system_refuses_is_null_and_not_in_the_table),
        cmocka_unit_test(only_the_start_of_a_block_is_found),
        cmocka_unit_test(second_free_is_refused),
        cmocka_unit_test(resized_block_stays_where_it_is_with_its_contents),
        cmocka_unit_test(block_grows_where_nothing_is_in_its_way_alone),
        cmocka_unit_test(thousands_of_blocks_are_each_found_and_freed),
        cmocka_unit_test(walk_stops_where_it_is_told),
        cmocka_unit_test(places_of_freed_blocks_serve_again),
        cmocka_unit_test(threads_find_their_own_blocks),
        cmocka_unit_test(of_threads_that_free_one_block_one_succeeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
