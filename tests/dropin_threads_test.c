/*
 * dropin_threads_test.c: threads of a program whose malloc is Cairn's (or glibc's; see dropin.h): their ends, their
 * failing requests, and the blocks that libc itself takes for them.
 */
#define _GNU_SOURCE
#include <locale.h>

#include "tests/dropin.h"
#include "tests/threads.h"

/* ---- failure in threads -------------------------------------------------------------------------------------- */

static void *fail_and_succeed(void *argument) {
    (void)argument;
    for (unsigned i = 0; i < 2000; i++) {
        errno = 0;
        MUST(malloc(hide_size(SIZE_MAX - i)) == NULL && errno == ENOMEM);
        errno = 0;
        MUST(memalign(64, hide_size(SIZE_MAX - i)) == NULL && errno == ENOMEM);
        void *block = hide(malloc(i * 13));
        MUST(block != NULL);
        memset(block, 1, i * 13);
        free(block);
    }
    return NULL;
}

static void each_thread_has_its_own_enomem(void **state) {
    (void)state;
    run_threads(16, fail_and_succeed, NULL);
}

/* ---- the end of threads -------------------------------------------------------------------------------------- */

static void *end_at_once(void *argument) {
    free(argument);
    return NULL;
}

static void a_thread_may_do_no_more_than_free(void **state) {
    (void)state;
    for (unsigned i = 0; i < 500; i++) {
        run_threads(1, end_at_once, malloc(i * 50));
    }
}

static void *exit_while_holding(void *argument) {
    void **slot = argument;
    *slot = memset(hide(malloc(5000)), 9, 5000);
    pthread_exit(NULL);
}

static void a_block_outlives_pthread_exit(void **state) {
    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        unsigned char *block = NULL;
        run_threads(1, exit_while_holding, &block);
        assert_int_equal(block[0] + block[4999], 18);
        free(block);
    }
}

enum { LIVE_AT_ONCE = 8 };

/* All hold a block of each size at once: so as many pools are begun each time, however the threads are scheduled. */
static void *live_briefly(void *argument) {
    pthread_barrier_t *all_hold = argument;
    for (size_t size = 1; size < 300000; size *= 3) {
        void *block = memset(hide(malloc(size)), 1, size);
        pthread_barrier_wait(all_hold);
        free(block);
    }
    return NULL;
}

static void run_thousands(void) {
    pthread_barrier_t all_hold;
    assert_int_equal(pthread_barrier_init(&all_hold, NULL, LIVE_AT_ONCE), 0);
    for (unsigned i = 0; i < 250; i++) {
        run_threads(LIVE_AT_ONCE, live_briefly, &all_hold);
    }
    pthread_barrier_destroy(&all_hold);
    malloc_trim(0);
}

/* The first ones fill the debug form's quarantine. Half a page left by each thread would be 4 MiB. */
static void thousands_of_threads_leave_nothing_behind(void **state) {
    (void)state;
    run_thousands();
    size_t before = resident_bytes();
    run_thousands();
    assert_in_range(resident_bytes(), 0, before + 4 * MIB);
}

static void *wait_for_cancellation(void *argument) {
    atomic_uint *started = argument;
    void *block = NULL;
    pthread_cleanup_push(free, NULL);
    block = hide(malloc(1000));
    pthread_cleanup_push(free, block);
    atomic_fetch_add(started, 1);
    for (;;) {
        pause();
    }
    pthread_cleanup_pop(1);
    pthread_cleanup_pop(1);
    return NULL;
}

static void cancelled_threads_clean_up(void **state) {
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        pthread_t thread;
        atomic_uint started = 0;
        assert_int_equal(pthread_create(&thread, NULL, wait_for_cancellation, &started), 0);
        while (atomic_load(&started) == 0) {
            sched_yield();
        }
        assert_int_equal(pthread_cancel(thread), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
}

/* ---- what libc takes for a thread ---------------------------------------------------------------------------- */

static void *use_libc(void *argument) {
    char text[64];
    (void)argument;
    for (unsigned i = 0; i < 100; i++) {
        locale_t locale = newlocale(LC_ALL_MASK, "C", NULL);
        MUST(locale != NULL);
        freelocale(locale);
        MUST(strerror_l((int)i, LC_GLOBAL_LOCALE) != NULL);
        MUST(strerror((int)i + 100000) != NULL); /* unknown: a buffer of the thread's own */
        snprintf(text, sizeof text, "/tmp/%u", i);
        free(strdup(text));
        FILE *file = fopen("/dev/null", "we");
        MUST(file != NULL && fprintf(file, "%s", text) > 0);
        fclose(file);
    }
    return NULL;
}

static void libc_frees_its_own_at_the_end_of_a_thread(void **state) {
    (void)state;
    run_threads(32, use_libc, NULL);
}

/* ---- thread-specific data ------------------------------------------------------------------------------------ */

static pthread_key_t key;
static atomic_uint rounds;

static void take_again(void *block) {
    free(block);
    atomic_fetch_add(&rounds, 1);
    for (size_t i = 0; i < 100; i++) {
        free(hide(calloc(i, 100)));
    }
    pthread_setspecific(key, hide(malloc(200)));
}

static void *hold(void *argument) {
    (void)argument;
    MUST(pthread_setspecific(key, hide(malloc(100))) == 0);
    return NULL;
}

static void destructors_allocate_in_each_of_their_rounds(void **state) {
    (void)state;
    assert_int_equal(pthread_key_create(&key, take_again), 0);
    run_threads(32, hold, NULL);
    assert_int_equal(atomic_load(&rounds), 32 * 4);
    pthread_key_delete(key);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_thread_has_its_own_enomem),
        cmocka_unit_test(a_thread_may_do_no_more_than_free),
        cmocka_unit_test(a_block_outlives_pthread_exit),
        cmocka_unit_test(thousands_of_threads_leave_nothing_behind),
        cmocka_unit_test(cancelled_threads_clean_up),
        cmocka_unit_test(libc_frees_its_own_at_the_end_of_a_thread),
        cmocka_unit_test(destructors_allocate_in_each_of_their_rounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
