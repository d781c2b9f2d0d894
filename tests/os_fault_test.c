/*
 * os_fault_test.c: what the layers above rely on about faults (os_fault.h): that a handler learns what was accessed and
 * how, and that faults which are none of Cairn's end the process as ever.
 */
#define _GNU_SOURCE
#include "alloc/os_fault.h"

#include "alloc/os.h"
#include "tests/unit.h"

static char *forbidden_page(void) {
    char *page = cn_os_hold(cn_os_page_bytes());
    MUST(page != NULL);
    return page;
}

static bool ends_by(const struct child_end *end, int number) {
    return WIFSIGNALED(end->status) && WTERMSIG(end->status) == number;
}

/* ---- faults -------------------------------------------------------------------------------------------------- */

static char *expected_address;
static enum cn_access expected_access;

/* Ends the child well where the fault is the expected one. */
static bool expect_fault(const struct cn_os_fault *fault) {
    MUST(fault->address == expected_address && fault->access == expected_access);
    MUST(fault->context != NULL);
    _exit(0);
}

static void access_page(void *access) {
    expected_address = forbidden_page() + 100;
    expected_access = *(enum cn_access *)access;
    MUST(cn_os_handle_faults(expect_fault));
    if (expected_access == CN_ACCESS_WRITE) {
        *(volatile char *)expected_address = 1;
    } else {
        (void)*(volatile char *)expected_address;
    }
    MUST(false);
}

static void handler_learns_the_address_and_whether_it_was_written(void **state) {
    (void)state;
    for (enum cn_access access = CN_ACCESS_READ; access <= CN_ACCESS_WRITE; access++) {
        enum cn_access copy = access;
        expect_return(access_page, &copy);
    }
}

static bool pass_on(const struct cn_os_fault *fault) {
    (void)fault;
    (void)cn_os_write(STDERR_FILENO, "asked\n", 6);
    return false;
}

static void access_what_nobody_knows(void *argument) {
    (void)argument;
    MUST(cn_os_handle_faults(pass_on));
    *(volatile char *)forbidden_page() = 1;
}

static void fault_that_nobody_owns_ends_the_process(void **state) {
    (void)state;
    struct child_end end = run_in_child(access_what_nobody_knows, NULL, 10);
    assert_true(ends_by(&end, SIGSEGV));
    assert_string_equal(end.text, "asked\n");
}

static void send_signal(void *argument) {
    (void)argument;
    MUST(cn_os_handle_faults(pass_on));
    (void)raise(SIGSEGV);
}

static void signal_that_was_sent_is_no_fault_and_ends_the_process(void **state) {
    (void)state;
    struct child_end end = run_in_child(send_signal, NULL, 10);
    assert_true(ends_by(&end, SIGSEGV));
    assert_string_equal(end.text, "");
}

static void end_well(int number) {
    (void)number;
    _exit(0);
}

static void handle_faults_itself(void *argument) {
    (void)argument;
    MUST(signal(SIGSEGV, end_well) == SIG_DFL);
    MUST(!cn_os_handle_faults(pass_on));
    *(volatile char *)forbidden_page() = 1;
    MUST(false);
}

static void handler_of_the_program_stays(void **state) {
    (void)state;
    expect_return(handle_faults_itself, NULL);
}

static bool open_the_page(const struct cn_os_fault *fault) {
    errno = EIO;
    return cn_os_protect((char *)(uintptr_t)fault->address, cn_os_page_bytes(), CN_RIGHT_WRITE);
}

static void access_again(void *argument) {
    (void)argument;
    volatile char *page = forbidden_page();
    MUST(cn_os_handle_faults(open_the_page));
    errno = 0;
    *page = 5;
    MUST(*page == 5 && errno == 0);
}

static void access_is_made_again_where_the_handler_has_made_it_possible(void **state) {
    (void)state;
    expect_return(access_again, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handler_learns_the_address_and_whether_it_was_written),
        cmocka_unit_test(fault_that_nobody_owns_ends_the_process),
        cmocka_unit_test(signal_that_was_sent_is_no_fault_and_ends_the_process),
        cmocka_unit_test(handler_of_the_program_stays),
        cmocka_unit_test(access_is_made_again_where_the_handler_has_made_it_possible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
