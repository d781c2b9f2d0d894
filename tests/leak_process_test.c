/*
 * leak_process_test.c: the search for leaks in the life of a process: beside other threads, under a debugger, at its
 * end; and what is said of leaks, and not said.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>

#include "alloc/options.h"
#include "tests/leaks.h"

static _Thread_local char *volatile kept_by_thread;
static char *volatile kept;

/* ---- beside other threads ------------------------------------------------------------------------------------ */

enum { WORKERS = 4, SLOTS = 64, ROUNDS = 20 };

static _Atomic bool is_over;

static void *churn(void *argument) {
    uint64_t random = (uint64_t)(uintptr_t)argument;
    char *blocks[SLOTS] = {NULL};
    while (!is_over) {
        size_t slot = random_next(&random) % SLOTS;
        cairn_free(blocks[slot]);
        blocks[slot] = cairn_malloc(random_size(&random, 12));
    }
    for (size_t i = 0; i < SLOTS; i++) {
        cairn_free(blocks[i]);
    }
    return NULL;
}

static void search_while_others_work(void *argument) {
    pthread_t threads[WORKERS];
    (void)argument;
    for (size_t i = 0; i < WORKERS; i++) {
        MUST(pthread_create(&threads[i], NULL, churn, hide((void *)(i + 1))) == 0); // NOLINT(performance-no-int-to-ptr)
    }
    for (int i = 0; i < ROUNDS; i++) {
        EXPECT_LOST(0);
    }
    is_over = true;
    for (size_t i = 0; i < WORKERS; i++) {
        MUST(pthread_join(threads[i], NULL) == 0);
    }
    MUST(cairn_check());
    EXPECT_LOST(0);
}

static void nothing_is_lost_while_other_threads_allocate_and_free(void **state) {
    (void)state;
    struct child_end end = expect_well(search_while_others_work, NULL);
    assert_string_equal(end.text, "");
}

static void *read_a_byte(void *argument) {
    char byte;
    return read(*(int *)argument, &byte, 1) == 1 && byte == 'x' ? argument : NULL;
}

static void search_while_one_reads(void *argument) {
    int ends[2];
    pthread_t thread;
    void *result = NULL;
    (void)argument;
    MUST(pipe(ends) == 0 && pthread_create(&thread, NULL, read_a_byte, &ends[0]) == 0);
    for (int i = 0; i < ROUNDS; i++) {
        EXPECT_LOST(0);
    }
    MUST(write(ends[1], "x", 1) == 1 && pthread_join(thread, &result) == 0);
    MUST(result == &ends[0]);
}

static void read_of_another_thread_goes_on_behind_the_search(void **state) {
    (void)state;
    (void)expect_well(search_while_one_reads, NULL);
}

struct pause {
    pthread_barrier_t started;
    pthread_barrier_t over;
};

static void *say_number_and_wait(void *argument) {
    struct pause *pause = argument;
    kept_by_thread = block_of(SIZE);
    pthread_barrier_wait(&pause->started);
    pthread_barrier_wait(&pause->over);
    return NULL;
}

static void *keep_on_the_stack_and_wait(void *argument) {
    struct pause *pause = argument;
    char *volatile block = block_of(SIZE);
    pthread_barrier_wait(&pause->started);
    pthread_barrier_wait(&pause->over);
    cairn_free(block);
    return NULL;
}

static void search_in_a_fork_beside_a_thread(void *argument) {
    struct pause pause;
    pthread_t thread;
    int status = 0;
    (void)argument;
    MUST(pthread_barrier_init(&pause.started, NULL, 2) == 0 && pthread_barrier_init(&pause.over, NULL, 2) == 0);
    MUST(pthread_create(&thread, NULL, keep_on_the_stack_and_wait, &pause) == 0);
    pthread_barrier_wait(&pause.started);
    pid_t child = fork();
    if (child == 0) {
        EXPECT_LOST(0);
        lose(SIZE);
        EXPECT_LOST(1);
        _exit(0);
    }
    MUST(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    pthread_barrier_wait(&pause.over);
    MUST(pthread_join(thread, NULL) == 0);
}

static void child_of_a_fork_knows_that_it_has_no_more_of_other_threads_stacks(void **state) {
    (void)state;
    (void)expect_well(search_in_a_fork_beside_a_thread, NULL);
}

/* A debugger of one thread: nobody else can stop that one then. */
static pid_t debug_threads_of(pid_t process) {
    int ready[2];
    char byte;
    MUST(pipe(ready) == 0);
    pid_t debugger = fork();
    MUST(debugger >= 0);
    if (debugger == 0) {
        char path[64];
        MUST(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
        (void)snprintf(path, sizeof path, "ls /proc/%d/task", (int)process);
        FILE *threads = popen(path, "r"); // NOLINT(bugprone-command-processor,cert-env33-c): a fixed command
        for (int number; threads != NULL && fscanf(threads, "%d", &number) == 1;) { // NOLINT(cert-err34-c)
            MUST(number == process || ptrace(PTRACE_SEIZE, number, NULL, NULL) == 0);
        }
        MUST(write(ready[1], "x", 1) == 1);
        pause();
    }
    MUST(read(ready[0], &byte, 1) == 1);
    return debugger;
}

static void search_under_debugger(void *argument) {
    struct pause pause;
    pthread_t thread;
    (void)argument;
    MUST(pthread_barrier_init(&pause.started, NULL, 2) == 0 && pthread_barrier_init(&pause.over, NULL, 2) == 0);
    MUST(pthread_create(&thread, NULL, say_number_and_wait, &pause) == 0);
    pthread_barrier_wait(&pause.started);
    pid_t debugger = debug_threads_of(getpid());
    lose(SIZE);
    EXPECT_LOST(1);
    MUST(kill(debugger, SIGKILL) == 0 && waitpid(debugger, NULL, 0) == debugger);
    pthread_barrier_wait(&pause.over);
    MUST(pthread_join(thread, NULL) == 0);
}

static void threads_that_cannot_be_stopped_are_looked_at_as_they_run(void **state) {
    (void)state;
    struct child_end end = expect_well(search_under_debugger, NULL);
    expect_words(&end, "cairn: WARNING: the search for leaks could not stop the other threads: ");
    expect_words(&end, "cairn: ERROR: leak: 100 bytes in 1 block that nothing points to\n");
}

/* ---- at exit ------------------------------------------------------------------------------------------------- */

static void end_with_leak(void *argument) {
    cn_options.leaks = true;
    if (argument != NULL) {
        cn_options.leaks_exitcode = *(const unsigned *)argument;
    }
    for (size_t size = 1; size <= 10; size = hide_size(size + 1)) {
        lose(size); /* the address of one of them may have stayed somewhere */
    }
    forget();
    printf("what was printed last");
    dup2(STDERR_FILENO, STDOUT_FILENO);
    exit(3);
}

static void end_without_leak(void *argument) {
    (void)argument;
    cn_options.leaks = true;
    kept = block_of(SIZE);
    exit(3);
}

static int exit_status_of(const struct child_end *end) {
    assert_true(WIFEXITED(end->status));
    return WEXITSTATUS(end->status);
}

static void process_with_leaks_ends_with_a_status_of_its_own(void **state) {
    static const unsigned same = 0;
    static const unsigned other = 42;
    unsigned status = same;
    (void)state;
    struct child_end end = run_in_child(end_with_leak, NULL, SECONDS);
    assert_int_equal(exit_status_of(&end), 23);
    expect_words(&end, " blocks that nothing points to\n");
    expect_words(&end, "what was printed last");
    end = run_in_child(end_with_leak, &status, SECONDS);
    assert_int_equal(exit_status_of(&end), 3);
    expect_words(&end, "cairn: ERROR: leak: ");
    status = other;
    end = run_in_child(end_with_leak, &status, SECONDS);
    assert_int_equal(exit_status_of(&end), 42);
    end = run_in_child(end_without_leak, NULL, SECONDS);
    assert_int_equal(exit_status_of(&end), 3);
    assert_null(strstr(end.text, "leak"));
}

/* ---- suppressions -------------------------------------------------------------------------------------------- */

static void lose_suppressed(void *argument) {
    char path[] = "/tmp/cairn_leak_test_XXXXXX";
    const char *lines = argument;
    int fd = mkstemp(path);
    MUST(fd >= 0 && write(fd, lines, strlen(lines)) == (ssize_t)strlen(lines) && close(fd) == 0);
    (void)snprintf(cn_options.leaks_suppressions, sizeof cn_options.leaks_suppressions, "%s", path);
    lose(SIZE);
    lose_elsewhere(SIZE);
    EXPECT_LOST(1);
    MUST(unlink(path) == 0);
}

static void suppressed_leaks_are_counted_and_not_told(void **state) {
    static char lines[] = "# a comment\n\n  leak:^lose_else*re$  \nleak:no_such_function";
    (void)state;
    struct child_end end = expect_well(lose_suppressed, lines);
    assert_null(strstr(end.text, "lose_elsewhere"));
    expect_words(
        &end, "cairn: 100 bytes lost in 1 block, from 1 place; and 100 bytes in 1 block that suppressions are for\n");
}

static void lose_as_json(void *argument) {
    (void)argument;
    cn_options.report = CN_REPORT_JSON;
    lose(SIZE);
    EXPECT_LOST(1);
}

static void leaks_are_json_where_reports_are(void **state) {
    (void)state;
    struct child_end end = expect_well(lose_as_json, NULL);
    expect_words(&end, "{\"kind\":\"leak\",\"sentence\":\"100 bytes in 1 block that nothing points to\",\"blocks\":1,"
                       "\"bytes\":100,\"indirect\":false,\"site\":\"0x");
    expect_words(&end, "\"function\":\"lose\"");
    assert_ptr_equal(strchr(end.text, '\n'), end.text + strlen(end.text) - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_while_other_threads_allocate_and_free),
        cmocka_unit_test(read_of_another_thread_goes_on_behind_the_search),
        cmocka_unit_test(child_of_a_fork_knows_that_it_has_no_more_of_other_threads_stacks),
        cmocka_unit_test(threads_that_cannot_be_stopped_are_looked_at_as_they_run),
        cmocka_unit_test(process_with_leaks_ends_with_a_status_of_its_own),
        cmocka_unit_test(suppressed_leaks_are_counted_and_not_told),
        cmocka_unit_test(leaks_are_json_where_reports_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
