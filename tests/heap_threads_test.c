/*
 * heap_threads_test.c: one named heap used by many threads at once, blocks freed by others than took them, and heaps
 * that outlive the thread that made them.
 */
#define _GNU_SOURCE
#include "alloc/cairn.h"
#include "tests/threads.h"

enum { THREADS = 8, SHELF = 512, STEPS = 20000 };

struct shared {
    struct cairn_heap *heap;
    _Atomic(void *) shelf[SHELF]; /* blocks on their way from one thread to another */
};

static void *take_marked(struct cairn_heap *heap, uint64_t *random) {
    size_t bytes = random_size(random, 13);
    return mark(cairn_heap_malloc(heap, marked_size(bytes)), bytes);
}

static struct cairn_stats stats_of(struct cairn_heap *heap) {
    struct cairn_stats stats;
    cairn_heap_stats_get(heap, &stats);
    return stats;
}

static void *swap_on_shelf(void *argument) {
    struct shared *shared = argument;
    uint64_t random = seed_of_thread();
    for (unsigned step = 0; step < STEPS; step++) {
        size_t place = random_next(&random) % SHELF;
        void *block = atomic_exchange(&shared->shelf[place], take_marked(shared->heap, &random));
        if (block == NULL) {
            continue;
        }
        unmark(block);
        if (step % 2 == 0) {
            cairn_free(block);
        } else {
            cairn_heap_free(shared->heap, block);
        }
    }
    return NULL;
}

static void threads_swap_blocks_of_one_heap(void **state) {
    (void)state;
    static struct shared shared;
    pthread_t threads[THREADS];
    shared.heap = cairn_heap_create("swap", NULL);
    start_all(threads, THREADS, swap_on_shelf, &shared);
    join_all(threads, THREADS);
    size_t left = 0;
    for (size_t i = 0; i < SHELF; i++) {
        void *block = atomic_load(&shared.shelf[i]);
        if (block != NULL) {
            unmark(block);
            left++;
        }
    }
    assert_true(cairn_check());
    assert_int_equal(stats_of(shared.heap).block_count, left);
    cairn_heap_destroy(shared.heap);
    assert_true(cairn_check());
}

static void *resize_and_free(void *argument) {
    struct cairn_heap *heap = argument;
    uint64_t random = seed_of_thread();
    for (unsigned i = 0; i < STEPS / 8; i++) {
        size_t first = random_size(&random, 18);
        size_t second = random_size(&random, 18) + 1;
        void *block = cairn_heap_malloc(heap, first);
        MUST(block != NULL);
        fill_pattern(block, first, i);
        block = i % 2 ? cairn_realloc(block, second) : cairn_heap_realloc(heap, block, second);
        MUST(block != NULL && has_pattern(block, first < second ? first : second, i));
        cairn_heap_free(heap, block);
    }
    return NULL;
}

static void threads_resize_within_one_heap(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    struct cairn_heap *heap = cairn_heap_create("resize", NULL);
    start_all(threads, THREADS, resize_and_free, heap);
    join_all(threads, THREADS);
    assert_int_equal(stats_of(heap).block_count, 0);
    assert_true(cairn_check());
    cairn_heap_destroy(heap);
}

static void *take_all_there_is(void *argument) {
    struct cairn_heap *heap = argument;
    uint64_t random = seed_of_thread();
    for (unsigned failures = 0; failures < 50;) {
        size_t size = random_size(&random, 17);
        void *block = cairn_heap_malloc(heap, size);
        if (block == NULL) {
            MUST(errno == ENOMEM);
            failures++;
        } else if (size % 8 == 0) {
            cairn_free(block);
        }
    }
    return NULL;
}

static void threads_together_keep_to_the_budget(void **state) {
    (void)state;
    const struct cairn_heap_options options = {.budget_bytes = 16 * MIB};
    for (unsigned round = 0; round < 4; round++) {
        pthread_t threads[THREADS];
        struct cairn_heap *heap = cairn_heap_create("shared budget", &options);
        start_all(threads, THREADS, take_all_there_is, heap);
        join_all(threads, THREADS);
        struct cairn_stats stats = stats_of(heap);
        assert_true(stats.pool_bytes + stats.span_bytes < 16 * MIB + 512 * KIB);
        assert_true(stats.block_bytes > 8 * MIB);
        cairn_heap_destroy(heap);
    }
}

static void *make_heap(void *argument) {
    struct shared *shared = argument;
    shared->heap = cairn_heap_create("orphan", NULL);
    MUST(shared->heap != NULL);
    for (size_t i = 0; i < SHELF; i++) {
        void *block = cairn_heap_malloc(shared->heap, i * 40);
        MUST(block != NULL);
        fill_pattern(block, i * 40, i);
        atomic_store(&shared->shelf[i], block);
    }
    return NULL;
}

static void heap_outlives_the_thread_that_made_it(void **state) {
    (void)state;
    static struct shared shared;
    pthread_t thread;
    start_all(&thread, 1, make_heap, &shared);
    join_all(&thread, 1);
    for (size_t i = 0; i < SHELF; i++) {
        assert_true(has_pattern(atomic_load(&shared.shelf[i]), i * 40, i));
        if (i % 2 == 0) {
            cairn_free(atomic_load(&shared.shelf[i]));
        }
    }
    assert_int_equal(stats_of(shared.heap).block_count, SHELF / 2);
    void *block = cairn_heap_malloc(shared.heap, 100);
    assert_non_null(block);
    cairn_heap_destroy(shared.heap);
    assert_true(cairn_check());
}

static void *free_shelf(void *argument) {
    struct shared *shared = argument;
    for (size_t i = 0; i < SHELF; i += 2) {
        cairn_free(atomic_load(&shared->shelf[i]));
    }
    return NULL;
}

static void heap_can_be_destroyed_right_after_frees_by_another(void **state) {
    (void)state;
    static struct shared shared;
    for (unsigned round = 0; round < 50; round++) {
        pthread_t thread;
        make_heap(&shared);
        start_all(&thread, 1, free_shelf, &shared);
        join_all(&thread, 1);
        cairn_heap_destroy(shared.heap);
    }
    assert_true(cairn_check());
}

static void *live_with_a_heap(void *argument) {
    (void)argument;
    for (unsigned i = 0; i < 200; i++) {
        struct cairn_heap *heap = cairn_heap_create("private", NULL);
        MUST(heap != NULL);
        for (size_t size = 1; size < 200 * KIB; size *= 3) {
            MUST(cairn_heap_malloc(heap, size) != NULL);
        }
        MUST(stats_of(heap).block_count == 12);
        cairn_heap_destroy(heap);
    }
    return NULL;
}

static void threads_make_and_destroy_heaps_at_once(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    start_all(threads, THREADS, live_with_a_heap, NULL);
    join_all(threads, THREADS);
    assert_true(cairn_check());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_swap_blocks_of_one_heap),
        cmocka_unit_test(threads_resize_within_one_heap),
        cmocka_unit_test(threads_together_keep_to_the_budget),
        cmocka_unit_test(heap_outlives_the_thread_that_made_it),
        cmocka_unit_test(heap_can_be_destroyed_right_after_frees_by_another),
        cmocka_unit_test(threads_make_and_destroy_heaps_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
