/*
 * report_survival_test.c: what comes of the process that a report is about: it goes on where it may, whoever misused,
 * and wherever that was. The program runs on the drop-in, so that a report that allocated would be seen in the blocks'
 * serial numbers.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "alloc/options.h"
#include "tests/reports.h"

static int global_array[8];

static void in_second_thread(void *(*run)(void *), void *argument) {
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, run, argument) == 0);
    MUST(pthread_join(thread, NULL) == 0);
}

/* ---- going on ------------------------------------------------------------------------------------------------ */

static void go_on_after_bad_calls(void *argument) {
    (void)argument;
    cn_options.halt_on_error = false;
    char *block = block_of(64);
    cairn_free(block);
    cairn_free(hide(block));
    cairn_free(hide(block));
    MUST(cairn_realloc(hide(block), 10) == NULL);
    char *other = block_of(64);
    fill_pattern(other, 64, 1);
    MUST(has_pattern(other, 64, 1));
    cairn_free(other);
    MUST(cairn_check());
}

static void bad_calls_are_as_if_not_made_where_one_goes_on(void **state) {
    (void)state;
    struct child_end end = run_in_child(go_on_after_bad_calls, NULL, SECONDS);
    expect_success(&end);
    assert_int_equal(count_of(end.text, "cairn: ERROR: double-free: "), 2);
    assert_int_equal(count_of(end.text, "cairn: ERROR: realloc-of-freed: "), 1);
}

static void free_damaged_and_go_on(void *argument) {
    (void)argument;
    cn_options.halt_on_error = false;
    char *block = block_of(64);
    spoil(block + 64, 1);
    cairn_free(block);
    for (size_t i = 0; i < 100000; i++) {
        char *other = block_of(64);
        MUST(other != block);
        cairn_free(other);
    }
}

static void damaged_block_is_never_handed_out_again(void **state) {
    (void)state;
    struct child_end end = run_in_child(free_damaged_and_go_on, NULL, SECONDS);
    expect_success(&end);
    assert_int_equal(count_of(end.text, "cairn: ERROR: "), 1);
}

struct answer {
    enum cairn_verdict verdict;
    const void *block;
    unsigned calls;
};

static enum cairn_verdict answer_report(const struct cairn_report *report, void *argument) {
    struct answer *answer = argument;
    answer->calls++;
    MUST(strcmp(report->kind, "double-free") == 0);
    MUST(strstr(report->sentence, ", which is already free") != NULL);
    MUST(report->pointer == answer->block && report->block == answer->block);
    MUST(report->size == 64 && report->serial > 0);
    return answer->verdict;
}

static void free_twice_with_callback(void *argument) {
    struct answer *answer = argument;
    char *block = block_of(64);
    answer->block = block;
    MUST(cairn_set_report_callback(answer_report, answer));
    cairn_free(block);
    cairn_free(hide(block));
    MUST(answer->calls == 1);
}

static void callback_says_whether_to_stop(void **state) {
    struct answer go_on = {.verdict = CAIRN_GO_ON};
    struct answer stop = {.verdict = CAIRN_STOP};
    (void)state;
    struct child_end end = run_in_child(free_twice_with_callback, &go_on, SECONDS);
    expect_success(&end);
    expect_words(&end, "cairn: ERROR: double-free: ");
    end = run_in_child(free_twice_with_callback, &stop, SECONDS);
    expect_abort(&end, "cairn: ERROR: double-free: ");
}

/* ---- under all circumstances --------------------------------------------------------------------------------- */

static uint64_t seen_serial;

static enum cairn_verdict note_serial(const struct cairn_report *report, void *argument) {
    (void)argument;
    seen_serial = report->serial;
    return CAIRN_GO_ON;
}

/* The number of the allocation that this makes. */
static uint64_t next_serial(void) {
    char *block = block_of(1);
    cairn_free(block);
    cairn_free(hide(block)); /* reported, with its serial */
    return seen_serial;
}

static void report_between_two_allocations(void *argument) {
    (void)argument;
    static char local[32];
    cairn_set_report_callback(note_serial, NULL);
    uint64_t before = next_serial();
    cairn_free(hide(local));
    char *block = block_of(100);
    spoil(block + 100, 8);
    cairn_free(block);
    cairn_describe(block);
    MUST(next_serial() == before + 2);
}

static void reports_allocate_nothing(void **state) {
    (void)state;
    struct child_end end = run_in_child(report_between_two_allocations, NULL, SECONDS);
    expect_success(&end);
}

static void free_in_handler(int number) {
    (void)number;
    cairn_free(hide(global_array));
}

static void *misuse_in_handler(void *argument) {
    (void)argument;
    struct sigaction action = {.sa_handler = free_in_handler};
    MUST(sigaction(SIGUSR1, &action, NULL) == 0 && raise(SIGUSR1) == 0);
    return NULL;
}

static void misuse_in_handlers(void *argument) {
    cn_options.halt_on_error = false;
    (void)misuse_in_handler(argument);
    in_second_thread(misuse_in_handler, NULL);
}

static void handlers_of_signals_can_report(void **state) {
    (void)state;
    struct child_end end = run_in_child(misuse_in_handlers, NULL, SECONDS);
    expect_success(&end);
    assert_int_equal(count_of(end.text, "cairn: ERROR: bad-free: "), 2);
}

static void misuse_when_aborted(void *argument) {
    struct sigaction action = {.sa_handler = free_in_handler};
    MUST(sigaction(SIGABRT, &action, NULL) == 0);
    free_twice(argument);
}

static void misuse_by_a_handler_of_the_abort_ends_too(void **state) {
    (void)state;
    struct child_end end = run_in_child(misuse_when_aborted, NULL, SECONDS);
    expect_abort(&end, "cairn: ERROR: double-free: ");
    expect_words(&end, "cairn: ERROR: bad-free: free of ");
}

enum { THREADS = 4, REPORTS = 10 };

static void *report_often(void *argument) {
    for (int i = 0; i < REPORTS; i++) {
        cairn_free(argument);
    }
    return NULL;
}

static void report_by_many(void *argument) {
    pthread_t threads[THREADS];
    cn_options.halt_on_error = false;
    for (size_t i = 0; i < THREADS; i++) {
        MUST(pthread_create(&threads[i], NULL, report_often, argument) == 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        MUST(pthread_join(threads[i], NULL) == 0);
    }
}

/* The reports go to a file of the test's own, which it reads whole. */
static size_t read_log(char *text, size_t room) {
    int fd = open(cn_options.log_path, O_RDONLY | O_CLOEXEC);
    MUST(fd >= 0);
    ssize_t length = read(fd, text, room - 1);
    MUST(length >= 0 && close(fd) == 0 && unlink(cn_options.log_path) == 0);
    text[length] = '\0';
    return (size_t)length;
}

static void set_log_path(const char *name) {
    const char *folder = getenv("TEST_TMPDIR");
    int length =
        snprintf(cn_options.log_path, sizeof cn_options.log_path, "%s/%s", folder != NULL ? folder : "/tmp", name);
    MUST(length > 0 && (size_t)length < sizeof cn_options.log_path);
}

static void reports_of_many_threads_do_not_mix(void **state) {
    static char text[1 << 18];
    (void)state;
    set_log_path("report_test.many");
    struct child_end end = run_in_child(report_by_many, global_array, SECONDS);
    expect_success(&end);
    (void)read_log(text, sizeof text);
    cn_options.log_path[0] = '\0';
    assert_string_equal(end.text, "");
    assert_int_equal(count_of(text, "cairn: ERROR: bad-free: "), THREADS * REPORTS);
    assert_int_equal(count_of(text, "which nobody allocated\n\n"), THREADS * REPORTS);
    assert_int_equal(count_of(text, "\n\ncairn: ERROR: bad-free: "), THREADS * REPORTS - 1);
}

static void log_path_names_the_process(void **state) {
    char text[4096];
    (void)state;
    set_log_path("report_test.%p");
    struct child_end end = run_in_child(free_twice, NULL, SECONDS);
    cn_options.log_path[0] = '\0';
    assert_null(strstr(end.text, "cairn: ERROR: "));
    assert_true(WIFSIGNALED(end.status));
    /* The child's number is not known here; the one file of that name in the folder is its. */
    char command[1200];
    const char *folder = getenv("TEST_TMPDIR") != NULL ? getenv("TEST_TMPDIR") : "/tmp";
    (void)snprintf(command, sizeof command, "cat %s/report_test.[0-9]* && rm %s/report_test.[0-9]*", folder, folder);
    FILE *said = popen(command, "r"); // NOLINT(bugprone-command-processor,cert-env33-c): a test's own folder
    MUST(said != NULL);
    size_t length = fread(text, 1, sizeof text - 1, said);
    text[length] = '\0';
    assert_int_equal(pclose(said), 0);
    assert_int_equal(count_of(text, "cairn: ERROR: double-free: "), 1);
}

static enum cairn_verdict fork_and_report(const struct cairn_report *report, void *argument) {
    (void)report;
    struct answer *answer = argument;
    if (answer->calls++ == 0) {
        int status = 0;
        pid_t child = fork();
        MUST(child >= 0);
        if (child == 0) {
            cairn_free(hide(global_array));
            _exit(0);
        }
        MUST(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    return CAIRN_GO_ON;
}

static void report_in_forked_child(void *argument) {
    struct answer answer = {.calls = 0};
    MUST(cairn_set_report_callback(fork_and_report, &answer));
    cairn_free(argument);
}

static void child_of_a_fork_can_report_while_its_parent_does(void **state) {
    (void)state;
    struct child_end end = run_in_child(report_in_forked_child, global_array, SECONDS);
    expect_success(&end);
    assert_int_equal(count_of(end.text, "cairn: ERROR: bad-free: "), 2);
}

/* ---- describing ---------------------------------------------------------------------------------------------- */

static void describe_all(void *argument) {
    (void)argument;
    char *block = cairn_heap_malloc(cairn_heap_create("parser", NULL), 100);
    cairn_describe(block);
    cairn_describe(block + 3);
    cairn_describe(block + 101);
    cairn_describe(hide(&block));
    cairn_describe(NULL);
    char *large = block_of(200000);
    cairn_free(large);
    cairn_describe(large);
}

static void any_pointer_can_be_described(void **state) {
    (void)state;
    struct child_end end = run_in_child(describe_all, NULL, SECONDS);
    expect_success(&end);
    expect_words(&end, " lies at the start of a block of 100 bytes\n");
    expect_words(&end, " in heap 'parser'");
    expect_words(&end, " lies 3 bytes inside a block of 100 bytes; it is no multiple of 16");
    expect_words(&end, " lies 1 byte past the end of a block of 100 bytes");
    expect_words(&end, " lies on the stack of thread 1, of 0x");
    expect_words(&end, "0x0 lies in the page at NULL\n");
    assert_null(strstr(end.text, "cairn: ERROR"));
}

static void description_is_on_standard_error_wherever_reports_go(void **state) {
    (void)state;
    set_log_path("report_test.described");
    (void)unlink(cn_options.log_path);
    cn_options.report = CN_REPORT_JSON;
    struct child_end end = run_in_child(describe_all, NULL, SECONDS);
    int log = open(cn_options.log_path, O_RDONLY | O_CLOEXEC);
    cn_options.report = CN_REPORT_TEXT;
    cn_options.log_path[0] = '\0';
    expect_success(&end);
    expect_words(&end, " lies at the start of a block of 100 bytes\n");
    assert_int_equal(log, -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_calls_are_as_if_not_made_where_one_goes_on),
        cmocka_unit_test(damaged_block_is_never_handed_out_again),
        cmocka_unit_test(callback_says_whether_to_stop),
        cmocka_unit_test(reports_allocate_nothing),
        cmocka_unit_test(handlers_of_signals_can_report),
        cmocka_unit_test(misuse_by_a_handler_of_the_abort_ends_too),
        cmocka_unit_test(reports_of_many_threads_do_not_mix),
        cmocka_unit_test(log_path_names_the_process),
        cmocka_unit_test(child_of_a_fork_can_report_while_its_parent_does),
        cmocka_unit_test(any_pointer_can_be_described),
        cmocka_unit_test(description_is_on_standard_error_wherever_reports_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
