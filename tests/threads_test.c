/*
 * threads_test.c: blocks that change hands, threads that only free or only resize, and many threads at once. The end of
 * threads is in thread_end_test.c.
 */
#define _GNU_SOURCE
#include "alloc/cairn.h"
#include "alloc/form.h"
#include "tests/threads.h"

static struct cairn_stats process_stats(void) {
    struct cairn_stats stats;
    cairn_stats_get(&stats);
    return stats;
}

static void *take_marked(size_t bytes) { return mark(cairn_malloc(marked_size(bytes)), bytes); }

static void give_marked(void *block) { cairn_free(unmark(block)); }

/* ---- hand-over ----------------------------------------------------------------------------------------------- */

enum { PAIRS = 4, HANDED = 30000, QUEUE = 256 };

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    void *blocks[QUEUE];
    size_t put;
    size_t got;
};

static void queue_put(struct queue *queue, void *block) {
    pthread_mutex_lock(&queue->lock);
    while (queue->put - queue->got == QUEUE) {
        pthread_cond_wait(&queue->changed, &queue->lock);
    }
    queue->blocks[queue->put++ % QUEUE] = block;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

static void *queue_get(struct queue *queue) {
    pthread_mutex_lock(&queue->lock);
    while (queue->put == queue->got) {
        pthread_cond_wait(&queue->changed, &queue->lock);
    }
    void *block = queue->blocks[queue->got++ % QUEUE];
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
    return block;
}

static void *produce(void *argument) {
    uint64_t random = seed_of_thread();
    for (unsigned i = 0; i < HANDED; i++) {
        queue_put(argument, take_marked(random_size(&random, i % 100 ? 10 : 19)));
    }
    return NULL;
}

static void *consume(void *argument) {
    for (unsigned i = 0; i < HANDED; i++) {
        give_marked(queue_get(argument));
    }
    return NULL;
}

static void consumers_free_what_producers_took(void **state) {
    (void)state;
    static struct queue queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    uint64_t before = process_stats().block_count;
    pthread_t producers[PAIRS];
    pthread_t consumers[PAIRS];
    start_all(producers, PAIRS, produce, &queue);
    start_all(consumers, PAIRS, consume, &queue);
    join_all(producers, PAIRS);
    join_all(consumers, PAIRS);
    assert_int_equal(process_stats().block_count, before);
    assert_true(cairn_check());
}

enum { SHELF = 2048 };
static _Atomic(void *) shelf[SHELF];

static void *swap_on_shelf(void *argument) {
    uint64_t random = seed_of_thread();
    (void)argument;
    for (unsigned step = 0; step < 20000; step++) {
        void *fresh = take_marked(random_size(&random, step % 200 ? 11 : 20));
        void *block = atomic_exchange(&shelf[random_next(&random) % SHELF], fresh);
        if (block != NULL) {
            give_marked(block);
        }
    }
    return NULL;
}

static void clear_shelf(void) {
    for (size_t i = 0; i < SHELF; i++) {
        void *block = atomic_exchange(&shelf[i], NULL);
        if (block != NULL) {
            give_marked(block);
        }
    }
}

static void threads_swap_blocks_at_random(void **state) {
    (void)state;
    uint64_t before = process_stats().block_count;
    run_threads(8, swap_on_shelf, NULL);
    assert_true(cairn_check());
    clear_shelf();
    assert_int_equal(process_stats().block_count, before);
}

/* ---- threads that only free, or only resize ------------------------------------------------------------------ */

enum { GIVEN = 40000, FREEING = 4 };
static void *given[GIVEN];

static void *free_a_share(void *argument) {
    atomic_size_t *next = argument;
    for (size_t i; (i = atomic_fetch_add(next, 1)) < GIVEN;) {
        give_marked(given[i]);
    }
    return NULL;
}

static void take_given(void) {
    for (size_t i = 0; i < GIVEN; i++) {
        given[i] = take_marked(i % 5000 == 0 ? 300 * KIB : i % 300);
    }
}

static void memory_freed_by_others_is_used_again(void **state) {
    (void)state;
    uint64_t before = process_stats().block_count;
    uint64_t settled = 0;
    for (unsigned round = 0; round < 12; round++) {
        atomic_size_t next = 0;
        take_given();
        run_threads(FREEING, free_a_share, &next);
        assert_int_equal(process_stats().block_count, before);
        settled = round == 2 ? process_stats().peak_arena_bytes : settled;
    }
    assert_true(process_stats().peak_arena_bytes <= settled + 8 * MIB);
    assert_true(cairn_check());
}

static bool is_not_given(void *block, size_t usable_bytes, void *argument) {
    const size_t *count = argument;
    (void)usable_bytes;
    for (size_t i = 0; i < *count; i++) {
        if (given[i] == block) {
            return false;
        }
    }
    return true;
}

static void what_others_have_freed_is_no_longer_live(void **state) {
    (void)state;
    size_t count = 50;
    atomic_size_t next = GIVEN - count;
    uint64_t before = process_stats().block_count;
    for (size_t i = 0; i < count; i++) {
        given[GIVEN - count + i] = given[i] = take_marked(i * 100);
    }
    run_threads(1, free_a_share, &next);
    assert_int_equal(process_stats().block_count, before);
    assert_true(cairn_walk(is_not_given, &count));
}

static void *resize_a_share(void *argument) {
    atomic_size_t *next = argument;
    for (size_t i; (i = atomic_fetch_add(next, 1)) < GIVEN;) {
        uint64_t *block = given[i];
        size_t kept = block[0] / 2;
        block = cairn_realloc(block, sizeof *block + kept);
        MUST(block != NULL && has_pattern(block + 1, kept, block[0]));
        block = cairn_realloc(block, sizeof *block + kept * 5);
        MUST(block != NULL && has_pattern(block + 1, kept, block[0]));
        block[0] = kept * 5;
        fill_pattern(block + 1, kept * 5, kept * 5);
        given[i] = block;
    }
    return NULL;
}

static void blocks_can_be_resized_by_others(void **state) {
    (void)state;
    uint64_t before = process_stats().block_count;
    atomic_size_t next = 0;
    take_given();
    run_threads(FREEING, resize_a_share, &next);
    assert_int_equal(process_stats().block_count, before + GIVEN);
    assert_true(cairn_check());
    next = 0;
    run_threads(FREEING, free_a_share, &next);
    assert_int_equal(process_stats().block_count, before);
}

/* ---- many at once ------------------------------------------------------------------------------------------- */

static void *churn(void *argument) {
    enum { COUNT = 200 };
    void *blocks[COUNT] = {NULL};
    uint64_t random = seed_of_thread();
    (void)argument;
    for (unsigned step = 0; step < 8000; step++) {
        size_t i = random_next(&random) % COUNT;
        if (blocks[i] != NULL) {
            give_marked(blocks[i]);
        }
        blocks[i] = take_marked(random_size(&random, step % 100 ? 11 : 18));
    }
    for (size_t i = 0; i < COUNT; i++) {
        if (blocks[i] != NULL) {
            give_marked(blocks[i]);
        }
    }
    return NULL;
}

static void sixty_four_threads_work_side_by_side(void **state) {
    (void)state;
    uint64_t before = process_stats().block_count;
    run_threads(MOST_THREADS, churn, NULL);
    assert_int_equal(process_stats().block_count, before);
    assert_true(cairn_check());
}

static void *check_and_look(void *argument) {
    (void)argument;
    for (unsigned i = 0; i < 20; i++) {
        MUST(cairn_check());
        process_stats();
        cairn_trim();
    }
    return NULL;
}

static void looking_at_the_heap_disturbs_no_working_thread(void **state) {
    (void)state;
    pthread_t workers[8];
    start_all(workers, 8, churn, NULL);
    run_threads(2, check_and_look, NULL);
    join_all(workers, 8);
    assert_true(cairn_check());
}

/* The debug form's look at all bytes, and its filling of what is freed meanwhile, take far longer. */
enum { SPANS = CAIRN_DEBUG ? 10000 : 200000, LOOKS = CAIRN_DEBUG ? 100 : 2000 };

static void *take_and_give_spans(void *argument) {
    (void)argument;
    for (size_t i = 0; i < SPANS; i++) {
        cairn_free(cairn_malloc(100 * KIB + i % 7 * 70 * KIB));
    }
    return NULL;
}

static void check_finds_no_fault_while_spans_come_and_go(void **state) {
    (void)state;
    pthread_t workers[2];
    start_all(workers, 2, take_and_give_spans, NULL);
    for (unsigned i = 0; i < LOOKS; i++) {
        assert_true(cairn_check());
    }
    join_all(workers, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(consumers_free_what_producers_took),
        cmocka_unit_test(threads_swap_blocks_at_random),
        cmocka_unit_test(memory_freed_by_others_is_used_again),
        cmocka_unit_test(what_others_have_freed_is_no_longer_live),
        cmocka_unit_test(blocks_can_be_resized_by_others),
        cmocka_unit_test(sixty_four_threads_work_side_by_side),
        cmocka_unit_test(looking_at_the_heap_disturbs_no_working_thread),
        cmocka_unit_test(check_finds_no_fault_while_spans_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
