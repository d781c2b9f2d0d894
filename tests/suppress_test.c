/*
 * suppress_test.c: which names a pattern of a file of suppressions fits (suppress.h), and how such a file is read.
 */
#define _GNU_SOURCE
#include "debug/suppress.h"
#include "tests/support.h"

static bool fits(const char *pattern, const char *name) {
    return cn_suppress_pattern_fits(pattern, strlen(pattern), name);
}

static void pattern_fits_anywhere_in_a_name(void **state) {
    (void)state;
    assert_true(fits("parse", "parse"));
    assert_true(fits("parse", "xml_parse_all"));
    assert_true(fits("aab", "aaab"));
    assert_false(fits("parse", "pars"));
    assert_false(fits("parse", ""));
}

static void star_stands_for_anything(void **state) {
    (void)state;
    assert_true(fits("Fc*Init", "FcConfigInit"));
    assert_true(fits("Fc*Init", "xFcInitInit_more"));
    assert_true(fits("a*b*c", "a.bb.c"));
    assert_true(fits("*", ""));
    assert_false(fits("Fc*Init", "FcConfig"));
    assert_false(fits("a*b*c", "acb"));
}

static void marks_hold_the_pattern_to_the_ends_of_a_name(void **state) {
    (void)state;
    assert_true(fits("^main", "main_loop"));
    assert_false(fits("^main", "domain"));
    assert_true(fits("main$", "domain"));
    assert_false(fits("main$", "main_loop"));
    assert_true(fits("^a*z$", "azaz"));
    assert_false(fits("^a*z$", "azay"));
    assert_true(fits("^$", ""));
    assert_false(fits("^$", "x"));
}

static void lines_of_a_file_are_patterns(void **state) {
    static const char lines[] = "# leak:commented\n\n \tleak:first \r\nsecond\nleak:^third$";
    char path[] = "/tmp/cairn_suppress_test_XXXXXX";
    int fd = mkstemp(path);
    (void)state;
    MUST(fd >= 0 && write(fd, lines, sizeof lines - 1) == (ssize_t)sizeof lines - 1 && close(fd) == 0);
    assert_true(cn_suppress_init(path));
    assert_true(cn_suppress_fits("the_first_of_all"));
    assert_true(cn_suppress_fits("second"));
    assert_true(cn_suppress_fits("third"));
    assert_false(cn_suppress_fits("thirdly"));
    assert_false(cn_suppress_fits("commented"));
    assert_false(cn_suppress_fits("leak"));
    cn_suppress_fini();
    assert_false(cn_suppress_fits("second"));
    assert_int_equal(unlink(path), 0);
    assert_false(cn_suppress_init(path));
    cn_suppress_fini();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pattern_fits_anywhere_in_a_name),
        cmocka_unit_test(star_stands_for_anything),
        cmocka_unit_test(marks_hold_the_pattern_to_the_ends_of_a_name),
        cmocka_unit_test(lines_of_a_file_are_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
