/*
 * thread_end_test.c: what threads leave behind when they end, and destructors of thread-specific data, which run while
 * the allocator's own state for the thread may be given up.
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

/* ---- blocks left behind -------------------------------------------------------------------------------------- */

enum { LEFT = 100 };
static void *left[MOST_THREADS][LEFT];
static atomic_size_t left_count;

static void *leave_blocks(void *argument) {
    size_t mine = atomic_fetch_add(&left_count, 1) % MOST_THREADS;
    (void)argument;
    for (size_t i = 0; i < LEFT; i++) {
        left[mine][i] = take_marked(i * i * (mine % 7));
    }
    return NULL;
}

static void free_left(size_t thread) {
    for (size_t i = 0; i < LEFT; i++) {
        give_marked(left[thread][i]);
    }
}

static void blocks_outlive_their_thread(void **state) {
    (void)state;
    uint64_t before = process_stats().block_count;
    atomic_store(&left_count, 0);
    run_threads(MOST_THREADS, leave_blocks, NULL);
    assert_int_equal(process_stats().block_count, before + MOST_THREADS * LEFT);
    assert_true(cairn_check());
    for (size_t thread = 0; thread < MOST_THREADS; thread++) {
        free_left(thread);
    }
    assert_int_equal(process_stats().block_count, before);
    assert_true(cairn_check());
}

static void short_lived_threads_do_not_pile_up(void **state) {
    (void)state;
    struct cairn_stats settled = {0};
    atomic_store(&left_count, 0);
    for (unsigned i = 0; i < 2000; i++) {
        run_threads(1, leave_blocks, NULL);
        free_left(i % MOST_THREADS);
        settled = i == 100 ? process_stats() : settled;
    }
    struct cairn_stats stats = process_stats();
    assert_true(stats.heap_count <= settled.heap_count + 2);
    assert_true(stats.peak_arena_bytes <= settled.peak_arena_bytes + 8 * MIB);
    assert_true(stats.metadata_bytes <= settled.metadata_bytes + MIB);
    assert_true(cairn_check());
}

enum { COUNT = 4000, MUCH = COUNT * 900 };

static void *take_and_free_much(void *argument) {
    static const size_t size = MUCH / COUNT;
    void **blocks = cairn_malloc(COUNT * sizeof *blocks);
    (void)argument;
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = cairn_malloc(size);
        memset(blocks[i], 1, size);
    }
    for (size_t i = 0; i < COUNT; i++) {
        cairn_free(blocks[i]);
    }
    cairn_free(blocks);
    return NULL;
}

static void memory_of_ended_threads_goes_back(void **state) {
    enum { THREADS = 32 };
    (void)state;
    run_threads(1, take_and_free_much, NULL);
    cairn_trim();
    size_t before = resident_bytes();
    run_threads(THREADS, take_and_free_much, NULL);
    cairn_trim();
    /* What is left is their stacks, and what the debug form knows of them. */
    assert_true(resident_bytes() < before + THREADS * MUCH / 4);
}

static pthread_barrier_t all_sleep;

static void *take_free_and_sleep(void *argument) {
    enum { BLOCKS = 3000 };
    void *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = memset(cairn_malloc(1000), 1, 1000);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        cairn_free(blocks[i]);
    }
    pthread_barrier_wait(&all_sleep);
    pthread_barrier_wait(&all_sleep);
    return argument;
}

/* Each may keep some of what it has freed; where there are many, less. */
static void many_threads_that_sleep_keep_little(void **state) {
    enum { THREADS = 64 };
    struct cairn_stats stats;
    pthread_t threads[THREADS];
    (void)state;
    cairn_trim();
    uint64_t before = process_stats().resident_bytes;
    pthread_barrier_init(&all_sleep, NULL, THREADS + 1);
    start_all(threads, THREADS, take_free_and_sleep, NULL);
    pthread_barrier_wait(&all_sleep);
    stats = process_stats();
    pthread_barrier_wait(&all_sleep);
    join_all(threads, THREADS);
    pthread_barrier_destroy(&all_sleep);
    assert_in_range(stats.resident_bytes, 0, before + THREADS * (CAIRN_DEBUG ? 8 * MIB : 3 * MIB / 2)); /* quarantine */
}

/* ---- thread-specific data ------------------------------------------------------------------------------------ */

static pthread_key_t early_key; /* made before the allocator was first used */
static pthread_key_t late_key;
static atomic_uint destructor_calls;

/* Comes back for all the rounds that the system grants, with a fresh block each time. */
static void free_and_take_again(pthread_key_t key, void *marked) {
    unsigned call = atomic_fetch_add(&destructor_calls, 1);
    give_marked(marked);
    for (size_t i = 0; i < 50; i++) {
        give_marked(take_marked(i * 600 + call % 7));
    }
    pthread_setspecific(key, take_marked(call % 3000));
}

static void end_early(void *marked) { free_and_take_again(early_key, marked); }

static void end_late(void *marked) { free_and_take_again(late_key, marked); }

static void *hold_specific_data(void *argument) {
    (void)argument;
    MUST(pthread_setspecific(early_key, take_marked(500)) == 0);
    MUST(pthread_setspecific(late_key, take_marked(70 * KIB)) == 0);
    return NULL;
}

static void destructors_of_specific_data_allocate_and_free(void **state) {
    (void)state;
    uint64_t before = process_stats().block_count;
    assert_int_equal(pthread_key_create(&late_key, end_late), 0);
    atomic_store(&destructor_calls, 0);
    for (unsigned round = 0; round < 5; round++) {
        run_threads(16, hold_specific_data, NULL);
    }
    /* Four rounds (PTHREAD_DESTRUCTOR_ITERATIONS) of two keys; what the last round took is lost. */
    assert_int_equal(atomic_load(&destructor_calls), 5 * 16 * 2 * 4);
    assert_int_equal(process_stats().block_count, before + 5 * 16 * 2);
    assert_true(cairn_check());
}

static void *only_end_with_a_block(void *argument) {
    MUST(pthread_setspecific(early_key, argument) == 0);
    return NULL;
}

static void a_threads_first_call_may_be_in_its_destructor(void **state) {
    (void)state;
    for (unsigned i = 0; i < 50; i++) {
        run_threads(1, only_end_with_a_block, take_marked(100));
    }
    assert_true(cairn_check());
}

int main(void) {
    if (pthread_key_create(&early_key, end_early) != 0) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_outlive_their_thread),
        cmocka_unit_test(short_lived_threads_do_not_pile_up),
        cmocka_unit_test(memory_of_ended_threads_goes_back),
        cmocka_unit_test(many_threads_that_sleep_keep_little),
        cmocka_unit_test(destructors_of_specific_data_allocate_and_free),
        cmocka_unit_test(a_threads_first_call_may_be_in_its_destructor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
