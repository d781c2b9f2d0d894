/*
 * options_values_test.c: what a value of each type makes of its field (options.h), what it must not look like, and that
 * the table of options agrees with itself.
 */
#define _GNU_SOURCE
#include <signal.h>

#include "alloc/form.h"
#include "alloc/options.h"
#include "tests/child.h"

/* What one entry makes of one field, which was all ones before. */
struct value_trial {
    const char *text;
    size_t field;
    uint64_t number; /* what the field is then; REFUSED: the entry is refused, and the field as it was */
};
#define REFUSED UINT64_MAX
#define FIELD(name) offsetof(struct cn_options, name)

static size_t bytes_of(size_t field) {
    return field == FIELD(check_every) || field == FIELD(seed) || field == FIELD(fail_rate) ||
                   field == FIELD(quarantine_bytes)
               ? sizeof(uint64_t)
           : field == FIELD(leaks) ? sizeof(bool)
                                   : sizeof(unsigned);
}

static void parse_value(void *argument) {
    const struct value_trial *trial = argument;
    static struct cn_options options;
    uint64_t result = 0;
    size_t bytes = bytes_of(trial->field);
    memset(&options, 0xff, sizeof options);
    unsigned refused = cn_options_parse(&options, trial->text);
    memcpy(&result, (char *)&options + trial->field, bytes);
    MUST(refused == (trial->number == REFUSED ? 1 : 0));
    MUST(result == (trial->number & UINT64_MAX >> (sizeof result - bytes) * 8));
}

static void expect_values(const struct value_trial *trials, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct value_trial copy = trials[i];
        struct child_end end = run_in_child(parse_value, &copy, 10);
        if (end.status != 0) {
            print_error("the value of %s\n", trials[i].text);
        }
        expect_success(&end);
    }
}

#define EXPECT_VALUES(trials) expect_values(trials, sizeof(trials) / sizeof(trials)[0])

static void numbers_are_decimal_or_hexadecimal_and_fit(void **state) {
    (void)state;
    static const struct value_trial trials[] = {
        {"seed=0", FIELD(seed), 0},
        {"seed=18446744073709551614", FIELD(seed), UINT64_MAX - 1},
        {"seed=0x1f", FIELD(seed), 31},
        {"seed=18446744073709551616", FIELD(seed), REFUSED},
        {"seed=", FIELD(seed), REFUSED},
        {"seed=-1", FIELD(seed), REFUSED},
        {"seed=1K", FIELD(seed), REFUSED},
        {"seed=0x", FIELD(seed), REFUSED},
        {"seed=0x10000000000000000", FIELD(seed), REFUSED},
        {"seed=1 ", FIELD(seed), REFUSED},
    };
    EXPECT_VALUES(trials);
}

static void guard_takes_a_choice_of_blocks(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_debug; /* the debug form's alone */
        struct cn_guard_setting setting;
    } trials[] = {
        {"guard=none", false, {CN_GUARD_NONE, 0}},          {"guard=all", true, {CN_GUARD_ALL, 0}},
        {"guard=1/5000", false, {CN_GUARD_SAMPLE, 5000}},   {"guard=serial:123", true, {CN_GUARD_SERIAL, 123}},
        {"guard=site:beef", true, {CN_GUARD_SITE, 0xbeef}}, {"guard=site:0xBEEF", true, {CN_GUARD_SITE, 0xbeef}},
    };
    for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++) {
        struct cn_options options = {.guard = {CN_GUARD_SAMPLE, 7}};
        bool is_taken = CAIRN_DEBUG || !trials[i].is_debug;
        assert_int_equal(cn_options_parse(&options, trials[i].text), is_taken ? 0 : 1);
        assert_int_equal(options.guard.choice, is_taken ? trials[i].setting.choice : CN_GUARD_SAMPLE);
        assert_int_equal(options.guard.number, is_taken ? trials[i].setting.number : 7);
    }
}

static void guard_refuses_what_names_no_blocks(void **state) {
    (void)state;
    static const char *const texts[] = {"guard=",        "guard=some",   "guard=1/0",     "guard=2/3", "guard=1/",
                                        "guard=serial:", "guard=serial", "guard=site:xy", "guard",     "guard=site:"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct cn_options options = {.guard = {CN_GUARD_SAMPLE, 7}};
        assert_int_equal(cn_options_parse(&options, texts[i]), 1);
        assert_int_equal(options.guard.choice, CN_GUARD_SAMPLE);
        assert_int_equal(options.guard.number, 7);
    }
}

static void colon_within_guard_does_not_end_the_entry(void **state) {
    (void)state;
    struct cn_options options = {0};
    assert_int_equal(cn_options_parse(&options, "guard=serial:12:stats=1"), CAIRN_DEBUG ? 0 : 1);
    assert_true(options.stats);
    assert_int_equal(cn_options_parse(&options, "stats=0:guard=site:"), 1);
    assert_false(options.stats);
}

static void options_of_the_debug_form_are_taken_by_it(void **state) {
    (void)state;
    static const struct value_trial trials[] = {
        {"fill_allocated=0xAB", FIELD(fill_allocated), 0xAB},
        {"fill_allocated=7", FIELD(fill_allocated), 7},
        {"fill_allocated=off", FIELD(fill_allocated), (uint32_t)CN_OPTION_FILL_OFF},
        {"fill_freed=255", FIELD(fill_freed), 255},
        {"fill_freed=256", FIELD(fill_freed), REFUSED},
        {"fill_freed=none", FIELD(fill_freed), REFUSED},
        {"quarantine=0", FIELD(quarantine_bytes), 0},
        {"quarantine=4096", FIELD(quarantine_bytes), 4096},
        {"quarantine=3K", FIELD(quarantine_bytes), 3 << 10},
        {"quarantine=16m", FIELD(quarantine_bytes), 16 << 20},
        {"quarantine=2G", FIELD(quarantine_bytes), (uint64_t)2 << 30},
        {"quarantine=16000000000G", FIELD(quarantine_bytes), REFUSED},
        {"quarantine=K", FIELD(quarantine_bytes), REFUSED},
        {"quarantine=1T", FIELD(quarantine_bytes), REFUSED},
        {"stack_depth=0", FIELD(stack_depth), 0},
        {"stack_depth=64", FIELD(stack_depth), 64},
        {"stack_depth=65", FIELD(stack_depth), REFUSED},
        {"check_every=1000000000000", FIELD(check_every), UINT64_C(1000000000000)},
        {"check_signal=USR1", FIELD(check_signal), SIGUSR1},
        {"check_signal=SIGUSR2", FIELD(check_signal), SIGUSR2},
        {"check_signal=35", FIELD(check_signal), 35},
        {"check_signal=65", FIELD(check_signal), REFUSED},
        {"check_signal=11", FIELD(check_signal), REFUSED},
        {"check_signal=9", FIELD(check_signal), REFUSED},
        {"check_signal=SIGFOO", FIELD(check_signal), REFUSED},
        {"leaks=1", FIELD(leaks), 1},
        {"leaks=01", FIELD(leaks), REFUSED},
        {"report=json", FIELD(report), CN_REPORT_JSON},
        {"report=text", FIELD(report), CN_REPORT_TEXT},
        {"report=jso", FIELD(report), REFUSED},
        {"color=never", FIELD(color), CN_COLOR_NEVER},
        {"fail_rate=1/4", FIELD(fail_rate), CN_RATE_ALWAYS / 4},
        {"fail_rate=1/1", FIELD(fail_rate), CN_RATE_ALWAYS},
        {"fail_rate=0.25", FIELD(fail_rate), CN_RATE_ALWAYS / 4},
        {"fail_rate=1", FIELD(fail_rate), CN_RATE_ALWAYS},
        {"fail_rate=1.0", FIELD(fail_rate), CN_RATE_ALWAYS},
        {"fail_rate=0", FIELD(fail_rate), 0},
        {"fail_rate=1.1", FIELD(fail_rate), REFUSED},
        {"fail_rate=.5", FIELD(fail_rate), REFUSED},
        {"fail_rate=0.", FIELD(fail_rate), REFUSED},
        {"fail_rate=2/3", FIELD(fail_rate), REFUSED},
        {"fail_rate=1/0", FIELD(fail_rate), REFUSED},
        {"fail_rate=50%", FIELD(fail_rate), REFUSED},
    };
    if (CAIRN_DEBUG) {
        EXPECT_VALUES(trials);
    }
    for (size_t i = 0; !CAIRN_DEBUG && i < sizeof trials / sizeof trials[0]; i++) {
        struct value_trial refused = {trials[i].text, trials[i].field, REFUSED};
        expect_values(&refused, 1);
    }
}

static void defaults_in_the_table_are_those_in_force(void **state) {
    (void)state;
    for (size_t i = 0; i < cn_option_count; i++) {
        const struct cn_option *option = &cn_option_table[i];
        struct cn_options options = cn_options;
        char entry[64];
        int length = snprintf(entry, sizeof entry, "%s=%s", option->name, option->preset);
        assert_in_range(length, 1, sizeof entry - 1);
        bool is_path = option->type == CN_OPTION_PATH;
        assert_true(is_path == (option->preset[0] == '\0'));
        if (!is_path && (CAIRN_DEBUG || option->form == CN_OPTION_OF_BOTH_FORMS)) {
            assert_int_equal(cn_options_parse(&options, entry), 0);
            assert_memory_equal(&options, &cn_options, sizeof options);
        }
    }
}

static void options_have_names_and_fields_of_their_own(void **state) {
    (void)state;
    for (size_t i = 0; i < cn_option_count; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(cn_option_table[i].name, cn_option_table[j].name);
            assert_int_not_equal(cn_option_table[i].field, cn_option_table[j].field);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_decimal_or_hexadecimal_and_fit),
        cmocka_unit_test(guard_takes_a_choice_of_blocks),
        cmocka_unit_test(guard_refuses_what_names_no_blocks),
        cmocka_unit_test(colon_within_guard_does_not_end_the_entry),
        cmocka_unit_test(options_of_the_debug_form_are_taken_by_it),
        cmocka_unit_test(defaults_in_the_table_are_those_in_force),
        cmocka_unit_test(options_have_names_and_fields_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
