/*
 * quarantine_test.c: how much waits in quarantine (debug/quarantine.h), and for how long, over many threads.
 */
#define _GNU_SOURCE
#include "debug/quarantine.h"

#include <pthread.h>

#include "alloc/options.h"
#include "tests/reports.h"

enum { THREADS = 64, OWN = 100, SIZE = 4000, QUARANTINE_BYTES = 8 << 20 };

static char *blocks[THREADS][OWN];
static pthread_barrier_t together;

static void take_all(void) {
    cn_options.quarantine_bytes = QUARANTINE_BYTES;
    for (unsigned thread = 0; thread < THREADS; thread++) {
        for (size_t i = 0; i < OWN; i++) {
            blocks[thread][i] = block_of(SIZE);
        }
    }
}

static void free_own(char **own) {
    for (size_t i = 0; i < OWN; i++) {
        cairn_free(own[i]);
    }
}

static bool waits(const void *block) {
    struct cn_known known;
    cn_record_find_user(block, &known);
    return known.kind != CN_BLOCK_NONE && cn_record_state_of(cn_record_load(known.record)) == CN_RECORD_QUARANTINED;
}

static size_t waiting(unsigned thread) {
    size_t count = 0;
    for (size_t i = 0; i < OWN; i++) {
        count += waits(blocks[thread][i]) ? 1 : 0;
    }
    return count;
}

static size_t waiting_bytes(void) {
    size_t count = 0;
    for (unsigned thread = 0; thread < THREADS; thread++) {
        count += waiting(thread);
    }
    return count * SIZE;
}

static void *free_and_wait(void *argument) {
    cairn_free(block_of(1));
    pthread_barrier_wait(&together); /* all threads have begun */
    free_own(argument);
    pthread_barrier_wait(&together); /* all have freed, and none has ended */
    pthread_barrier_wait(&together); /* what waits has been counted */
    return NULL;
}

/* Three times what the quarantine is for, but each thread less than a sixteenth of it. */
static void free_by_many(void *argument) {
    (void)argument;
    pthread_t threads[THREADS];
    MUST(pthread_barrier_init(&together, NULL, THREADS + 1) == 0);
    take_all();
    for (unsigned thread = 0; thread < THREADS; thread++) {
        MUST(pthread_create(&threads[thread], NULL, free_and_wait, blocks[thread]) == 0);
    }
    pthread_barrier_wait(&together);
    pthread_barrier_wait(&together);
    size_t bytes = waiting_bytes();
    MUST(bytes <= QUARANTINE_BYTES + QUARANTINE_BYTES / 4);
    MUST(bytes >= QUARANTINE_BYTES / 4 * 3);
    pthread_barrier_wait(&together);
    for (unsigned thread = 0; thread < THREADS; thread++) {
        MUST(pthread_join(threads[thread], NULL) == 0);
    }
    MUST(waiting_bytes() <= QUARANTINE_BYTES);
    MUST(cairn_check());
}

static void many_threads_hold_little_beside_the_queue(void **state) {
    (void)state;
    struct child_end end = run_in_child(free_by_many, NULL, SECONDS);
    expect_success(&end);
}

/* One thread: what was freed last waits, what was freed first does not any more. */
static void free_in_order(void *argument) {
    (void)argument;
    take_all();
    for (unsigned thread = 0; thread < THREADS; thread++) {
        free_own(blocks[thread]);
    }
    MUST(waiting(0) == 0);
    MUST(waiting(THREADS / 2) == 0);
    MUST(waiting(THREADS - 2) == OWN);
    MUST(waiting(THREADS - 1) == OWN);
}

static void blocks_leave_in_the_order_of_their_frees(void **state) {
    (void)state;
    struct child_end end = run_in_child(free_in_order, NULL, SECONDS);
    expect_success(&end);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_threads_hold_little_beside_the_queue),
        cmocka_unit_test(blocks_leave_in_the_order_of_their_frees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
