/*
 * guard_threads_test.c: guarded blocks (guard.h) that several threads take and free, and forks meanwhile.
 */
#define _GNU_SOURCE
#include "alloc/guard.h"

#include "tests/threads.h"
#include "tests/unit.h"

static char *take(size_t size) {
    char *block = cn_guard_malloc(size, 16);
    MUST(block != NULL && is_zero(block, size));
    return block;
}

static void in_zone(void (*run)(void *)) { expect_return(run, NULL); }

enum { THREADS = 3, HELD = 40, FORKS = 20 };

static _Atomic bool is_over;

static void replace_one(char **held, size_t *held_size, uint64_t *seed) {
    size_t i = (size_t)(random_next(seed) % HELD);
    if (held[i] != NULL) {
        MUST(has_pattern(held[i], held_size[i], i) && cn_guard_free(held[i]));
    }
    held_size[i] = (size_t)(random_next(seed) % 9000);
    held[i] = take(held_size[i]);
    fill_pattern(held[i], held_size[i], i);
}

static void *replace_blocks(void *rounds) {
    char *held[HELD] = {NULL};
    size_t held_size[HELD];
    uint64_t seed = seed_of_thread();
    for (unsigned i = 0; i < *(unsigned *)rounds && !atomic_load(&is_over); i++) {
        replace_one(held, held_size, &seed);
    }
    for (size_t i = 0; i < HELD; i++) {
        MUST(held[i] == NULL || cn_guard_free(held[i]));
    }
    return NULL;
}

static void check_threads(void *argument) {
    (void)argument;
    unsigned rounds = 5000;
    cn_guard_start(CN_GUARD_AFTER);
    run_threads(THREADS, replace_blocks, &rounds);
    MUST(cn_guard_live_count() == 0);
    cn_guard_check();
}

static void threads_take_and_free_at_the_same_time(void **state) {
    (void)state;
    in_zone(check_threads);
}

static void *free_shared(void *block) { return cn_guard_free(block) ? block : NULL; /* whoever succeeds returns it */ }

static void check_rival_frees(void *argument) {
    (void)argument;
    cn_guard_start(CN_GUARD_AFTER);
    for (unsigned i = 0; i < 500; i++) {
        pthread_t threads[2];
        void *results[2];
        void *block = take(100);
        start_all(threads, 2, free_shared, block);
        MUST(pthread_join(threads[0], &results[0]) == 0 && pthread_join(threads[1], &results[1]) == 0);
        MUST((results[0] == block) != (results[1] == block));
    }
    cn_guard_check();
}

static void one_of_two_threads_frees_the_block(void **state) {
    (void)state;
    in_zone(check_rival_frees);
}

static void use_in_child(void *block) {
    unsigned rounds = 300;
    cn_guard_after_fork();
    cn_guard_check();
    MUST(has_pattern(block, 5000, 7) && cn_guard_free(block));
    (void)replace_blocks(&rounds);
    cn_guard_check();
}

static void check_forks(void *argument) {
    (void)argument;
    unsigned rounds = UINT32_MAX;
    pthread_t threads[THREADS];
    cn_guard_start(CN_GUARD_AFTER);
    char *block = take(5000);
    fill_pattern(block, 5000, 7);
    start_all(threads, THREADS, replace_blocks, &rounds);
    for (unsigned i = 0; i < FORKS; i++) {
        struct child_end end = run_in_child(use_in_child, block, 20);
        if (!child_succeeded(&end)) {
            must_failed(end.text, __FILE__, __LINE__);
        }
    }
    atomic_store(&is_over, true);
    join_all(threads, THREADS);
    cn_guard_check();
}

static void child_of_a_fork_goes_on_wherever_other_threads_were(void **state) {
    (void)state;
    in_zone(check_forks);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_take_and_free_at_the_same_time),
        cmocka_unit_test(one_of_two_threads_frees_the_block),
        cmocka_unit_test(child_of_a_fork_goes_on_wherever_other_threads_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
