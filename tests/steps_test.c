/*
 * steps_test.c: an operation is held after each of its machine instructions in turn, and meanwhile other threads free,
 * trim, allocate or fork: whatever it was in the middle of, they find the heap sound, and so does it when it goes on.
 */
#define _GNU_SOURCE
#include "alloc/cairn.h"
#include "alloc/form.h"
#include "tests/child.h"
#include "tests/steps.h"

enum { CHILD_SECONDS = 60 };

/* Of an operation that takes longer, as where the debug form fills a large block, the beginning is tried. */
enum { MOST_STEPS = 800 };

/* Every step at first, then fewer, that long operations take no longer than they are worth. */
static size_t step_after(size_t step) { return CAIRN_DEBUG ? step + 8 + step / 16 : step + 1 + step / 128; }

static uint64_t block_count(void) {
    struct cairn_stats stats;
    cairn_stats_get(&stats);
    return stats.block_count;
}

static void free_it(void *block) { cairn_free(block); }

static void *free_in_thread(void *block) {
    cairn_free(block);
    return NULL;
}

/* ---- a free by another thread -------------------------------------------------------------------------------- */

enum { POOL_BLOCKS = 4000, POOL_BLOCK_BYTES = 200, SPANS = 48, SPAN_BYTES = 66000, WORD_BYTES = 1024 };

/* Two blocks, alone in a pool, so near to each other that one word of a bitmap tells of both. */
static void take_neighbours(void *pair[2]) {
    static void *blocks[POOL_BLOCKS];
    for (size_t i = 0; i < POOL_BLOCKS; i++) {
        blocks[i] = cairn_malloc(POOL_BLOCK_BYTES);
        MUST(blocks[i] != NULL);
    }
    size_t second = POOL_BLOCKS / 2;
    while ((uintptr_t)blocks[second] / WORD_BYTES != (uintptr_t)blocks[second - 1] / WORD_BYTES) {
        second++;
    }
    pair[0] = blocks[second - 1];
    pair[1] = blocks[second];
    for (size_t i = 0; i < POOL_BLOCKS; i++) {
        if (i != second && i != second - 1) {
            cairn_free(blocks[i]);
        }
    }
    cairn_trim();
}

/* Takes spans where the pool was, if it is gone. */
static void take_spans(void *spans[SPANS]) {
    for (size_t i = 0; i < SPANS; i++) {
        spans[i] = cairn_malloc(SPAN_BYTES);
        MUST(spans[i] != NULL);
        fill_pattern(spans[i], SPAN_BYTES, i);
    }
}

static void give_spans(void *spans[SPANS]) {
    for (size_t i = 0; i < SPANS; i++) {
        MUST(has_pattern(spans[i], SPAN_BYTES, i));
        cairn_free(spans[i]);
    }
}

/* In the release form the other must come to its end, whatever the held one is held at. The debug form takes locks in a
 * free: where the held thread has one, the other goes on when that one does. */
static bool free_neighbours_at_once(size_t step) {
    enum { PATIENCE_MILLISECONDS = CAIRN_DEBUG ? 100 : 30000 };
    void *pair[2];
    void *spans[SPANS];
    pthread_t other;
    take_neighbours(pair);
    bool is_held = hold_after(step, free_it, pair[0]);
    start_all(&other, 1, free_in_thread, pair[1]);
    bool has_ended = ends_within(other, PATIENCE_MILLISECONDS);
    if (!has_ended) {
        MUST(CAIRN_DEBUG);
        let_go();
        join_all(&other, 1);
    }
    cairn_trim();
    take_spans(spans);
    if (has_ended) {
        let_go();
    }
    give_spans(spans);
    cairn_trim();
    return is_held;
}

static void a_free_by_another_thread_marks_no_pool_that_is_gone(void **state) {
    (void)state;
    if (!CAN_STEP) {
        skip();
    }
    free_neighbours_at_once(SIZE_MAX); /* the C library keeps something for each thread's stack */
    uint64_t before = block_count();
    for (size_t step = 0; free_neighbours_at_once(step); step = step_after(step)) {
        assert_int_equal(block_count(), before);
        assert_true(cairn_check());
    }
}

/* ---- two frees of a named heap's block ----------------------------------------------------------------------- */

struct twice {
    size_t step;
    size_t bytes; /* of the block */
};

/* Blocks of another heap, until one lies where `block` was; no more than a pool has. */
static void take_its_place(const void *block, size_t bytes) {
    enum { MOST_BLOCKS = 400 };
    struct cairn_heap *other = cairn_heap_create("other", NULL);
    void *taken = NULL;
    for (size_t i = 0; i < MOST_BLOCKS && taken != block; i++) {
        taken = cairn_heap_malloc(other, bytes);
        MUST(taken != NULL);
    }
}

/* Ends in a report at the second free. Where the held thread has not looked at the block before it was another heap's, it
 * frees that one, as any stale pointer does: at the third. */
static void free_twice_at_once(void *argument) {
    enum { PATIENCE_MILLISECONDS = 20 };
    const struct twice *twice = argument;
    void *block = cairn_heap_malloc(cairn_heap_create("one", NULL), twice->bytes);
    pthread_t other;
    hold_and_say(twice->step, free_it, block);
    start_all(&other, 1, free_in_thread, block);
    bool has_ended = ends_within(other, PATIENCE_MILLISECONDS);
    if (!has_ended) { /* the held one has the heap's lock */
        let_go();
        join_all(&other, 1);
    }
    cairn_trim();
    take_its_place(block, twice->bytes);
    if (has_ended) {
        let_go();
    }
    MUST(cairn_check());
    cairn_free(block);
}

static void free_twice_at_each_step(size_t bytes) {
    if (!CAN_STEP) {
        skip();
    }
    bool is_held = true;
    for (size_t step = 0; is_held && step < MOST_STEPS; step = step_after(step)) {
        struct twice twice = {.step = step, .bytes = bytes};
        struct child_end end = run_in_child(free_twice_at_once, &twice, CHILD_SECONDS);
        expect_abort(&end, "cairn: ERROR: double-free: ");
        is_held = was_held(&end);
    }
}

static void two_frees_of_a_heaps_block_do_no_harm(void **state) {
    (void)state;
    free_twice_at_each_step(200);
}

static void two_frees_of_a_heaps_span_do_no_harm(void **state) {
    (void)state;
    free_twice_at_each_step(SPAN_BYTES);
}

/* ---- forks --------------------------------------------------------------------------------------------------- */

static struct cairn_heap *heap; /* the child destroys it */

static void use_in_child(void *argument) {
    (void)argument;
    for (size_t size = 1; size < 9 * MIB; size = size * 5 + 1) {
        void *block = cairn_malloc(size);
        MUST(block != NULL);
        fill_pattern(block, size, size);
        block = cairn_realloc(block, size * 2);
        MUST(block != NULL && has_pattern(block, size, size));
        cairn_free(block);
    }
    cairn_heap_destroy(heap);
    cairn_trim();
    MUST(cairn_check());
}

/* Forks while run(prepare()) is held after each of its steps. */
static void fork_at_each_step(void *(*prepare)(void), void (*run)(void *)) {
    if (!CAN_STEP) {
        skip();
    }
    bool is_held = true;
    for (size_t step = 0; is_held && step < MOST_STEPS; step = step_after(step)) {
        heap = cairn_heap_create("forked", NULL);
        is_held = hold_after(step, run, prepare());
        struct child_end end = run_in_child(use_in_child, NULL, CHILD_SECONDS);
        let_go();
        cairn_heap_destroy(heap);
        expect_success(&end);
    }
    assert_true(cairn_check());
}

static void *nothing(void) { return NULL; }
static void *small_block(void) { return cairn_malloc(100); }
static void *span(void) { return cairn_malloc(66000); }
static void *span_of_the_heap(void) { return cairn_heap_malloc(heap, 66000); }

static void take_from_the_heap(void *argument) {
    (void)argument;
    MUST(cairn_heap_malloc(heap, 66000) != NULL);
}

static void free_in_the_heap(void *block) { cairn_heap_free(heap, block); }

static void take_and_give(void *argument) {
    (void)argument;
    cairn_free(cairn_malloc(100));
    cairn_free(cairn_malloc(66000));
}

static void a_fork_within_a_free_by_another_thread_does_no_harm(void **state) {
    (void)state;
    fork_at_each_step(small_block, free_it);
}

static void a_fork_within_the_free_of_a_span_does_no_harm(void **state) {
    (void)state;
    fork_at_each_step(span, free_it);
}

static void a_fork_within_the_free_of_a_heaps_span_does_no_harm(void **state) {
    (void)state;
    fork_at_each_step(span_of_the_heap, free_in_the_heap);
}

static void a_fork_within_the_making_of_a_heaps_span_does_no_harm(void **state) {
    (void)state;
    fork_at_each_step(nothing, take_from_the_heap);
}

static void a_fork_within_a_threads_first_allocations_does_no_harm(void **state) {
    (void)state;
    fork_at_each_step(nothing, take_and_give);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_free_by_another_thread_marks_no_pool_that_is_gone),
        cmocka_unit_test(two_frees_of_a_heaps_block_do_no_harm),
        cmocka_unit_test(two_frees_of_a_heaps_span_do_no_harm),
        cmocka_unit_test(a_fork_within_a_free_by_another_thread_does_no_harm),
        cmocka_unit_test(a_fork_within_the_free_of_a_span_does_no_harm),
        cmocka_unit_test(a_fork_within_the_free_of_a_heaps_span_does_no_harm),
        cmocka_unit_test(a_fork_within_the_making_of_a_heaps_span_does_no_harm),
        cmocka_unit_test(a_fork_within_a_threads_first_allocations_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
