/*
 * heap_budget_test.c: the budget of a named heap is hard, what is freed can be taken again, and the callback has one
 * chance to make room.
 */
#define _GNU_SOURCE
#include "alloc/cairn.h"
#include "alloc/form.h"
#include "tests/support.h"

static const size_t budget = 8 * MIB;
static const size_t one_pool = 512 * KIB;

static struct cairn_heap *budgeted(void) {
    const struct cairn_heap_options options = {.budget_bytes = budget};
    struct cairn_heap *heap = cairn_heap_create("budgeted", &options);
    assert_non_null(heap);
    return heap;
}

/* The debug form's surroundings of a block count as well. */
enum { LEAST_SHARE = CAIRN_DEBUG ? 8 : 2 };

static struct cairn_stats stats_of(struct cairn_heap *heap) {
    struct cairn_stats stats;
    cairn_heap_stats_get(heap, &stats);
    return stats;
}

static void expect_within_budget(struct cairn_heap *heap) {
    struct cairn_stats stats = stats_of(heap);
    assert_int_equal(stats.budget_bytes, budget);
    assert_true(stats.pool_bytes + stats.span_bytes < budget + one_pool);
}

/* Takes blocks until there are no more, links them through their first words, and returns the last. */
static void **take_all(struct cairn_heap *heap, size_t size, size_t *count) {
    void **last = NULL;
    *count = 0;
    errno = 0;
    for (void **block; (block = cairn_heap_malloc(heap, size)) != NULL; ++*count) {
        block[0] = last;
        last = block;
    }
    assert_int_equal(errno, ENOMEM);
    return last;
}

static void give_all(void **last) {
    while (last != NULL) {
        void **next = last[0];
        cairn_free(last);
        last = next;
    }
}

static void budget_counts_blocks_of_no_bytes_on_slots_of_their_own(void **state) {
    struct cairn_heap *heap = budgeted();
    size_t count = 0;
    (void)state;
    while (cairn_heap_aligned_alloc(heap, 128 * KIB, 0) != NULL) {
        count++;
    }
    assert_true(count > 0 && count <= budget / (64 * KIB));
    assert_true(stats_of(heap).span_bytes <= budget);
    cairn_heap_destroy(heap);
}

static void budget_is_never_exceeded_by_a_pool(void **state) {
    (void)state;
    for (size_t size = 16; size <= 4 * MIB; size = size * 5 / 2) {
        struct cairn_heap *heap = budgeted();
        size_t count = 0;
        take_all(heap, size, &count);
        expect_within_budget(heap);
        assert_true(count * size >= budget / LEAST_SHARE);
        cairn_heap_destroy(heap);
    }
}

static void mixed_sizes_stay_within_the_budget(void **state) {
    (void)state;
    struct cairn_heap *heap = budgeted();
    uint64_t random = 5;
    for (unsigned i = 0; i < 30000; i++) {
        void *block = cairn_heap_malloc(heap, random_size(&random, 21));
        if (i % 64 == 0) {
            expect_within_budget(heap);
        }
        if (i % 3 == 0) {
            cairn_heap_free(heap, block);
        }
    }
    expect_within_budget(heap);
    assert_true(cairn_check());
    cairn_heap_destroy(heap);
}

static void span_that_does_not_fit_fails(void **state) {
    (void)state;
    struct cairn_heap *heap = budgeted();
    errno = 0;
    assert_null(cairn_heap_malloc(heap, budget + 1));
    assert_int_equal(errno, ENOMEM);
    assert_null(cairn_heap_calloc(heap, 100, MIB));
    assert_null(cairn_heap_aligned_alloc(heap, 64 * KIB, budget + 1));
    void *block = cairn_heap_malloc(heap, 5 * MIB);
    assert_non_null(block);
    assert_null(cairn_heap_malloc(heap, 5 * MIB));
    cairn_heap_free(heap, block);
    assert_non_null(cairn_heap_malloc(heap, 5 * MIB));
    cairn_heap_destroy(heap);
}

static void every_entry_point_keeps_to_the_budget(void **state) {
    (void)state;
    struct cairn_heap *heap = budgeted();
    size_t count = 0;
    void **last = take_all(heap, 1000, &count);
    for (unsigned i = 0; i < 3000; i++) {
        cairn_heap_calloc(heap, 10, 200);
        cairn_heap_aligned_alloc(heap, 256, 4000);
        cairn_heap_realloc(heap, NULL, 30000);
    }
    expect_within_budget(heap);
    fill_pattern(last, 1000, 1);
    assert_null(cairn_heap_realloc(heap, last, budget));
    assert_null(cairn_realloc(last, budget));
    assert_true(has_pattern(last, 1000, 1));
    cairn_heap_destroy(heap);
}

static void freed_bytes_can_be_taken_again(void **state) {
    (void)state;
    struct cairn_heap *heap = budgeted();
    size_t first = 0;
    give_all(take_all(heap, 100, &first));
    for (unsigned round = 0; round < 5; round++) {
        size_t count = 0;
        give_all(take_all(heap, 100, &count));
        assert_true(count >= first * 9 / 10);
    }
    cairn_heap_destroy(heap);
}

static void freed_bytes_serve_other_sizes(void **state) {
    (void)state;
    struct cairn_heap *heap = budgeted();
    for (size_t size = 16; size <= 3 * MIB; size *= 7) {
        size_t count = 0;
        give_all(take_all(heap, size, &count));
        assert_true(count * size >= budget / LEAST_SHARE);
    }
    expect_within_budget(heap);
    cairn_heap_destroy(heap);
}

static void other_heaps_do_not_pay(void **state) {
    (void)state;
    struct cairn_heap *heap = budgeted();
    size_t count = 0;
    take_all(heap, 5000, &count);
    for (unsigned i = 0; i < 100; i++) {
        void *block = cairn_malloc(MIB);
        assert_non_null(block);
        cairn_free(block);
    }
    cairn_heap_destroy(heap);
}

static void tiny_budget_still_ends_in_enomem(void **state) {
    (void)state;
    const struct cairn_heap_options options = {.budget_bytes = 1};
    struct cairn_heap *heap = cairn_heap_create("tiny", &options);
    size_t count = 0;
    take_all(heap, 16, &count);
    struct cairn_stats stats = stats_of(heap);
    assert_true(stats.pool_bytes + stats.span_bytes <= one_pool);
    cairn_heap_destroy(heap);
}

/* ---- the callback -------------------------------------------------------------------------------------------- */

struct reserve {
    unsigned calls;
    size_t last_size;
    struct cairn_heap *heap;
    void **blocks; /* freed by the callback */
};

static void release(struct cairn_heap *heap, size_t size, void *argument) {
    struct reserve *reserve = argument;
    reserve->calls++;
    reserve->last_size = size;
    reserve->heap = heap;
    give_all(reserve->blocks);
    reserve->blocks = NULL;
}

static struct cairn_heap *with_callback(struct reserve *reserve) {
    const struct cairn_heap_options options = {.budget_bytes = budget, .on_budget = release, .argument = reserve};
    struct cairn_heap *heap = cairn_heap_create("callback", &options);
    assert_non_null(heap);
    return heap;
}

static void callback_is_told_heap_size_and_argument(void **state) {
    (void)state;
    struct reserve reserve = {0};
    struct cairn_heap *heap = with_callback(&reserve);
    void *block = cairn_heap_malloc(heap, MIB);
    assert_int_equal(reserve.calls, 0);
    errno = 0;
    assert_null(cairn_heap_malloc(heap, budget));
    assert_int_equal(errno, ENOMEM);
    assert_int_equal(reserve.calls, 1);
    assert_int_equal(reserve.last_size, budget);
    assert_ptr_equal(reserve.heap, heap);
    cairn_heap_free(heap, block);
    cairn_heap_destroy(heap);
}

static void callback_that_frees_lets_the_allocation_succeed(void **state) {
    (void)state;
    static const size_t sizes[] = {64, 3000, 50000, 200 * KIB, MIB};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct reserve reserve = {0};
        struct cairn_heap *heap = with_callback(&reserve);
        size_t count = 0;
        reserve.blocks = take_all(heap, sizes[i], &count);
        reserve.calls = 0;
        void *block = cairn_heap_malloc(heap, sizes[i]);
        assert_non_null(block);
        assert_int_equal(reserve.calls, 1);
        assert_null(reserve.blocks);
        expect_within_budget(heap);
        cairn_heap_destroy(heap);
    }
}

static void callback_may_allocate_elsewhere(struct cairn_heap *heap, size_t size, void *argument) {
    (void)heap;
    unsigned *calls = argument;
    void *block = cairn_malloc(size % 5000);
    MUST(block != NULL && cairn_check());
    cairn_free(block);
    ++*calls;
}

static void no_lock_is_held_during_the_callback(void **state) {
    (void)state;
    unsigned calls = 0;
    const struct cairn_heap_options options = {
        .budget_bytes = budget, .on_budget = callback_may_allocate_elsewhere, .argument = &calls};
    struct cairn_heap *heap = cairn_heap_create("reentrant", &options);
    size_t count = 0;
    take_all(heap, 40000, &count);
    assert_int_equal(calls, 1);
    cairn_heap_destroy(heap);
}

static void an_aligned_block_needs_little_to_become_small(void **state) {
    (void)state;
    struct cairn_heap *heap = budgeted();
    char *block = cairn_heap_aligned_alloc(heap, 4 * MIB, 2 * MIB);
    assert_non_null(block);
    fill_pattern(block, 100, 1);
    block = cairn_heap_realloc(heap, block, 100);
    assert_non_null(block);
    assert_true(has_pattern(block, 100, 1));
    cairn_heap_destroy(heap);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(budget_is_never_exceeded_by_a_pool),
        cmocka_unit_test(budget_counts_blocks_of_no_bytes_on_slots_of_their_own),
        cmocka_unit_test(mixed_sizes_stay_within_the_budget),
        cmocka_unit_test(span_that_does_not_fit_fails),
        cmocka_unit_test(every_entry_point_keeps_to_the_budget),
        cmocka_unit_test(freed_bytes_can_be_taken_again),
        cmocka_unit_test(freed_bytes_serve_other_sizes),
        cmocka_unit_test(other_heaps_do_not_pay),
        cmocka_unit_test(tiny_budget_still_ends_in_enomem),
        cmocka_unit_test(callback_is_told_heap_size_and_argument),
        cmocka_unit_test(callback_that_frees_lets_the_allocation_succeed),
        cmocka_unit_test(no_lock_is_held_during_the_callback),
        cmocka_unit_test(an_aligned_block_needs_little_to_become_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
