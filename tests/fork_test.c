/*
 * fork_test.c: fork from a process whose other threads allocate and free: the child must find every lock open and every
 * heap whole, and no lock that fork takes may stand in the way of a thread on which fork itself waits. Each case has an
 * alarm: a hang ends the program.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <spawn.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "tests/dropin.h"
#include "tests/threads.h"

enum { SHELF = 512, WORKERS = 4, CASE_SECONDS = 200, CHILD_SECONDS = 60 };

static _Atomic(void *) shelf[SHELF]; /* blocks of all threads, to be freed by any */
static atomic_bool stop;
static bool (*check_heap)(void); /* cairn_check where there is one */

/* In the debug form each child looks through a whole quarantine. */
static unsigned fork_count(void) { return on_debug_form() ? 60 : 400; }

static void start_workers(pthread_t *threads, void *(*run)(void *)) {
    atomic_store(&stop, false);
    start_all(threads, WORKERS, run, NULL);
}

static void stop_workers(const pthread_t *threads) {
    atomic_store(&stop, true);
    join_all(threads, WORKERS);
}

static void *take_marked(size_t bytes) { return mark(hide(malloc(marked_size(bytes))), bytes); }

static void give_marked(void *block) { free(unmark(block)); }

/* Leaves the other processes some of the time, else each fork would take as long as they all compete. */
static void rest_now_and_then(unsigned step) {
    if (step % 64 == 0) {
        usleep(300);
    }
}

static void swap_one(uint64_t *random) {
    void *fresh = take_marked(random_size(random, random_next(random) % 300 ? 11 : 19));
    void *old = atomic_exchange(&shelf[random_next(random) % SHELF], fresh);
    if (old != NULL) {
        give_marked(old);
    }
}

static void *swap_until_stopped(void *argument) {
    uint64_t random = seed_of_thread();
    (void)argument;
    for (unsigned step = 1; !atomic_load_explicit(&stop, memory_order_relaxed); step++) {
        swap_one(&random);
        rest_now_and_then(step);
    }
    return NULL;
}

static void *swap_for_a_while(void *argument) {
    uint64_t random = seed_of_thread();
    (void)argument;
    for (unsigned i = 0; i < 60; i++) {
        swap_one(&random);
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

/* ---- children ------------------------------------------------------------------------------------------------ */

/* All that a child may want of its heap: blocks of every kind, the parent's blocks freed, threads, a sound heap. */
static void use_the_heap(void) {
    for (size_t size = 1; size < 2 * MIB; size *= 6) {
        give_marked(take_marked(size));
    }
    clear_shelf();
    run_threads(2, swap_for_a_while, NULL);
    clear_shelf();
    MUST(check_heap == NULL || check_heap());
}

static void run_child(void (*run)(void)) {
    alarm(CHILD_SECONDS);
    run();
    _exit(0);
}

static void expect_good_end(pid_t child) {
    int status = 0;
    MUST(waitpid(child, &status, 0) == child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fail_msg("the child ended with status 0x%x", (unsigned)status);
    }
}

static void fork_and_wait(void (*run)(void)) {
    pid_t child = fork();
    MUST(child >= 0);
    if (child == 0) {
        run_child(run);
    }
    expect_good_end(child);
}

static void the_child_of_a_quiet_process_uses_the_heap(void **state) {
    (void)state;
    swap_for_a_while(NULL);
    for (unsigned i = 0; i < 20; i++) {
        fork_and_wait(use_the_heap);
    }
    clear_shelf();
}

static void children_of_a_busy_process_use_the_heap(void **state) {
    (void)state;
    pthread_t threads[WORKERS];
    start_workers(threads, swap_until_stopped);
    for (unsigned i = 0; i < fork_count(); i++) {
        fork_and_wait(use_the_heap);
    }
    stop_workers(threads);
    clear_shelf();
}

static void fork_again(void) {
    pthread_t threads[WORKERS];
    start_workers(threads, swap_until_stopped);
    for (unsigned i = 0; i < 5; i++) {
        pid_t child = fork();
        int status = 0;
        MUST(child >= 0);
        if (child == 0) {
            run_child(use_the_heap);
        }
        MUST(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    stop_workers(threads);
    use_the_heap();
}

static void a_child_may_start_threads_and_fork_again(void **state) {
    (void)state;
    pthread_t threads[WORKERS];
    start_workers(threads, swap_until_stopped);
    for (unsigned i = 0; i < 10; i++) {
        fork_and_wait(fork_again);
    }
    stop_workers(threads);
    clear_shelf();
}

static void *fork_from_here(void *argument) {
    (void)argument;
    for (unsigned i = 0; i < 20; i++) {
        pid_t child = fork();
        int status = 0;
        MUST(child >= 0);
        if (child == 0) {
            run_child(use_the_heap);
        }
        MUST(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        free(hide(malloc(1000)));
    }
    return NULL;
}

static void several_threads_may_fork_at_once(void **state) {
    (void)state;
    pthread_t threads[WORKERS];
    start_workers(threads, fork_from_here);
    stop_workers(threads);
}

/* ---- streams ------------------------------------------------------------------------------------------------- */

static void *flush_until_stopped(void *argument) {
    (void)argument;
    for (unsigned step = 1; !atomic_load(&stop); step++) {
        fflush(NULL);
        rest_now_and_then(step);
    }
    return NULL;
}

/* Holds the lock of a stream while it allocates. */
static void *getline_until_stopped(void *argument) {
    static char text[20000];
    (void)argument;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 2] = '\n';
    for (unsigned step = 1; !atomic_load(&stop); step++) {
        rest_now_and_then(step);
        char *line = NULL;
        size_t room = 0;
        FILE *stream = fmemopen(text, sizeof text - 1, "r");
        MUST(stream != NULL);
        MUST(getline(&line, &room, stream) == (ssize_t)sizeof text - 1);
        free(line);
        fclose(stream);
    }
    return NULL;
}

static void use_streams(void) {
    FILE *stream = tmpfile();
    MUST(stream != NULL && fprintf(stream, "%d\n", 5) == 2);
    fflush(NULL);
    fclose(stream);
    use_the_heap();
}

static void *(*const stream_workers[WORKERS])(void *) = {
    flush_until_stopped,
    getline_until_stopped,
    getline_until_stopped,
    swap_until_stopped,
};

static void fork_waits_for_no_stream_that_waits_for_malloc(void **state) {
    (void)state;
    pthread_t threads[WORKERS];
    atomic_store(&stop, false);
    for (size_t i = 0; i < WORKERS; i++) {
        start_all(&threads[i], 1, stream_workers[i], NULL);
    }
    for (unsigned i = 0; i < fork_count(); i++) {
        fork_and_wait(use_streams);
    }
    stop_workers(threads);
    clear_shelf();
}

/* ---- from a signal handler ----------------------------------------------------------------------------------- */

static atomic_uint forks_in_handler;

static void fork_in_handler(int signal) {
    int error = errno;
    pid_t child = fork();
    (void)signal;
    if (child == 0) {
        _exit(0);
    }
    int status = 0;
    MUST(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    atomic_fetch_add(&forks_in_handler, 1);
    errno = error;
}

/* In a process of one thread, as glibc promises it: the handler may have interrupted malloc itself. */
static void fork_over_and_over_in_handler(void) {
    static const struct itimerval often = {.it_interval = {.tv_usec = 700}, .it_value = {.tv_usec = 700}};
    static const struct itimerval never = {.it_interval = {0}, .it_value = {0}};
    struct sigaction action = {.sa_handler = fork_in_handler, .sa_flags = SA_RESTART};
    MUST(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGVTALRM, &action, NULL) == 0);
    uint64_t random = 77;
    MUST(setitimer(ITIMER_VIRTUAL, &often, NULL) == 0);
    while (atomic_load(&forks_in_handler) < fork_count()) {
        swap_one(&random);
        free(hide(malloc(random_size(&random, 22))));
    }
    MUST(setitimer(ITIMER_VIRTUAL, &never, NULL) == 0);
    clear_shelf();
    MUST(check_heap == NULL || check_heap());
}

static void a_signal_handler_may_fork_within_malloc(void **state) {
    (void)state;
    fork_and_wait(fork_over_and_over_in_handler);
}

/* ---- other ways to make a process ---------------------------------------------------------------------------- */

extern char **environ;

static void spawn_true(void) {
    char name[] = "true";
    char *arguments[] = {name, NULL};
    pid_t child = 0;
    assert_int_equal(posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ), 0);
    expect_good_end(child);
    child = vfork();
    MUST(child >= 0);
    if (child == 0) {
        execv("/bin/true", arguments);
        _exit(99);
    }
    expect_good_end(child);
}

static void read_from_popen(void) {
    char line[64] = "";
    FILE *stream = popen("echo from the shell", "re");
    assert_non_null(stream);
    assert_non_null(fgets(line, sizeof line, stream));
    assert_string_equal(line, "from the shell\n");
    assert_int_equal(pclose(stream), 0);
}

static void spawn_vfork_popen_and_system_work_in_a_busy_process(void **state) {
    (void)state;
    pthread_t threads[WORKERS];
    start_workers(threads, swap_until_stopped);
    for (unsigned i = 0; i < 25; i++) {
        spawn_true();
        read_from_popen();
        assert_int_equal(system("exit 7"), 7 << 8);
    }
    stop_workers(threads);
    clear_shelf();
}

static int arm_alarm(void **state) {
    (void)state;
    alarm(CASE_SECONDS);
    return 0;
}

int main(void) {
    void *check = dlsym(RTLD_DEFAULT, "cairn_check");
    memcpy(&check_heap, &check, sizeof check);
    const struct CMUnitTest tests[] = {
        /* First, before the process has ever had a second thread. */
        cmocka_unit_test_setup(a_signal_handler_may_fork_within_malloc, arm_alarm),
        cmocka_unit_test_setup(the_child_of_a_quiet_process_uses_the_heap, arm_alarm),
        cmocka_unit_test_setup(children_of_a_busy_process_use_the_heap, arm_alarm),
        cmocka_unit_test_setup(a_child_may_start_threads_and_fork_again, arm_alarm),
        cmocka_unit_test_setup(several_threads_may_fork_at_once, arm_alarm),
        cmocka_unit_test_setup(fork_waits_for_no_stream_that_waits_for_malloc, arm_alarm),
        cmocka_unit_test_setup(spawn_vfork_popen_and_system_work_in_a_busy_process, arm_alarm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
