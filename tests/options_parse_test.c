/*
 * options_parse_test.c: CAIRN_OPTIONS (options.h): what each key takes, what is refused and how it is said, and that a
 * refusal leaves the rest as it was. Every text is parsed in a child, whose standard error is looked at.
 */
#define _GNU_SOURCE
#include "alloc/options.h"

#include "alloc/form.h"
#include "tests/child.h"

struct trial {
    const char *text; /* what stands in the environment */
    unsigned refused; /* how many entries are to be refused */
    bool stats;       /* and what is to be set then */
    const char *stats_json;
};

static void parse(void *argument) {
    const struct trial *trial = argument;
    struct cn_options options = {0};
    MUST(cn_options_parse(&options, trial->text) == trial->refused);
    MUST(options.stats == trial->stats);
    MUST(strcmp(options.stats_json, trial->stats_json) == 0);
}

static unsigned count_of(const char *text, const char *words) {
    unsigned count = 0;
    for (const char *at = strstr(text, words); at != NULL; at = strstr(at + 1, words)) {
        count++;
    }
    return count;
}

/* One line is said for each entry that is refused, and nothing else. */
static struct child_end expect_trial(const struct trial *trial) {
    struct trial copy = *trial;
    struct child_end end = run_in_child(parse, &copy, 10);
    expect_success(&end);
    assert_int_equal(count_of(end.text, "cairn: WARNING: "), trial->refused);
    assert_int_equal(count_of(end.text, "\n"), trial->refused);
    return end;
}

static void expect_trials(const struct trial *trials, size_t count) {
    for (size_t i = 0; i < count; i++) {
        expect_trial(&trials[i]);
    }
}

#define EXPECT_TRIALS(trials) expect_trials(trials, sizeof(trials) / sizeof(trials)[0])

static void every_key_is_set_by_a_good_value(void **state) {
    (void)state;
    static const struct trial trials[] = {
        {"stats=1", 0, true, ""},
        {"stats=0", 0, false, ""},
        {"stats_json=/tmp/a.%p.json", 0, false, "/tmp/a.%p.json"},
        {"stats_json=a=b", 0, false, "a=b"},
        {"stats=1:stats_json=x", 0, true, "x"},
        {"stats_json=x:stats=1", 0, true, "x"},
    };
    EXPECT_TRIALS(trials);
}

static void empty_text_and_empty_entries_set_nothing(void **state) {
    (void)state;
    static const struct trial trials[] = {
        {"", 0, false, ""},        {":", 0, false, ""},       {"::::::::", 0, false, ""},
        {":stats=1", 0, true, ""}, {"stats=1:", 0, true, ""}, {"::stats=1:::stats_json=y::", 0, true, "y"},
    };
    EXPECT_TRIALS(trials);
}

static void unknown_keys_are_refused(void **state) {
    (void)state;
    static const struct trial trials[] = {
        {"colour=1", 1, false, ""},    {"stat=1", 1, false, ""},    {"statss=1", 1, false, ""},
        {"STATS=1", 1, false, ""},     {" stats=1", 1, false, ""},  {"stats =1", 1, false, ""},
        {"stats_jso=x", 1, false, ""}, {"=1", 1, false, ""},        {"=", 1, false, ""},
        {"colour", 1, false, ""},      {"a=1:b=2:c", 3, false, ""}, {"\xff\xfe=\x01", 1, false, ""},
    };
    EXPECT_TRIALS(trials);
}

static void bad_values_are_refused(void **state) {
    (void)state;
    static const struct trial trials[] = {
        {"stats=", 1, false, ""},      {"stats=2", 1, false, ""},  {"stats=10", 1, false, ""},
        {"stats=true", 1, false, ""},  {"stats= 1", 1, false, ""}, {"stats=1 ", 1, false, ""},
        {"stats==1", 1, false, ""},    {"stats", 1, false, ""},    {"stats_json", 1, false, ""},
        {"stats_json=", 1, false, ""}, {"stats=-1", 1, false, ""},
    };
    EXPECT_TRIALS(trials);
}

static void refused_entry_leaves_the_others_in_force(void **state) {
    (void)state;
    static const struct trial trials[] = {
        {"stats=1:colour=1:stats_json=z", 1, true, "z"},
        {"stats=7:stats_json=z", 1, false, "z"},
        {"nothing:stats=1", 1, true, ""},
        {"stats=1:stats=maybe", 1, true, ""},
        {"stats_json=z:stats_json=", 1, false, "z"},
    };
    EXPECT_TRIALS(trials);
}

static void last_of_several_values_holds(void **state) {
    (void)state;
    static const struct trial trials[] = {
        {"stats=1:stats=0", 0, false, ""},
        {"stats=0:stats=1:stats=0:stats=1", 0, true, ""},
        {"stats_json=first-and-longer:stats_json=second", 0, false, "second"},
    };
    EXPECT_TRIALS(trials);
}

static void warning_says_what_is_taken_and_quotes_the_entry_alone(void **state) {
    (void)state;
    const struct trial unknown = {"stats=1:colour=blue:stats_json=x", 1, true, "x"};
    struct child_end end = expect_trial(&unknown);
    assert_non_null(strstr(end.text, "unknown option in CAIRN_OPTIONS"));
    assert_non_null(strstr(end.text, "cairn run --help"));
    assert_non_null(strstr(end.text, ": colour=blue\n"));
    const struct trial bad = {"stats=perhaps:stats_json=x", 1, false, "x"};
    end = expect_trial(&bad);
    assert_non_null(strstr(end.text, "bad value in CAIRN_OPTIONS"));
    assert_non_null(strstr(end.text, "stats takes 0|1: stats=perhaps\n"));
}

static void path_is_taken_up_to_its_room_and_refused_beyond(void **state) {
    (void)state;
    static const char key[] = "stats_json=";
    char text[sizeof key + CN_OPTION_PATH_BYTES + 64];
    for (size_t length = CN_OPTION_PATH_BYTES - 2; length <= CN_OPTION_PATH_BYTES + 2; length++) {
        memcpy(text, key, sizeof key);
        memset(text + sizeof key - 1, 'p', length);
        text[sizeof key - 1 + length] = '\0';
        bool fits = length < CN_OPTION_PATH_BYTES;
        struct trial trial = {text, fits ? 0 : 1, false, fits ? text + sizeof key - 1 : ""};
        struct child_end end = run_in_child(parse, &trial, 10);
        expect_success(&end);
        assert_int_equal(count_of(end.text, "WARNING"), trial.refused);
    }
}

static void thousands_of_entries_are_each_looked_at(void **state) {
    (void)state;
    enum { ENTRIES = 5000 };
    static char text[ENTRIES * sizeof "stats=1:q=1:"];
    static char colons[100000];
    text[0] = '\0';
    for (unsigned i = 0; i < ENTRIES; i++) {
        memcpy(text + i * (sizeof "stats=1:q=1:" - 1), "stats=1:q=1:", sizeof "stats=1:q=1:");
    }
    struct trial trial = {text, ENTRIES, true, ""};
    struct child_end end = run_in_child(parse, &trial, 20);
    expect_success(&end);
    memset(colons, ':', sizeof colons - 1);
    const struct trial many_colons = {colons, 0, false, ""};
    expect_trial(&many_colons);
}

static void read_environment(void *argument) {
    const struct trial *trial = argument;
    MUST(trial->text != NULL ? setenv("CAIRN_OPTIONS", trial->text, 1) == 0 : unsetenv("CAIRN_OPTIONS") == 0);
    cn_options_read();
    MUST(cn_options.stats == trial->stats);
    MUST(strcmp(cn_options.stats_json, trial->stats_json) == 0);
}

static void environment_is_read_where_it_is_set(void **state) {
    (void)state;
    struct trial trials[] = {
        {"stats=1:stats_json=env", 0, true, "env"},
        {"", 0, false, ""},
        {NULL, 0, false, ""},
    };
    for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++) {
        struct child_end end = run_in_child(read_environment, &trials[i], 10);
        expect_success(&end);
    }
}

static void release_form_says_that_an_option_needs_the_debug_form(void **state) {
    (void)state;
    const struct trial trial = {"stack_depth=8:stats=1", CAIRN_DEBUG ? 0 : 1, true, ""};
    struct child_end end = expect_trial(&trial);
    static const char line[] = "cairn: WARNING: option stack_depth in CAIRN_OPTIONS needs the debug form (cairn run "
                               "--debug) for this: stack_depth=8\n";
    assert_int_equal(count_of(end.text, line), CAIRN_DEBUG ? 0 : 1);
}

static void warning_says_what_a_value_may_be(void **state) {
    (void)state;
    const struct trial trial = {"guard_side=left", 1, false, ""};
    struct child_end end = expect_trial(&trial);
    assert_non_null(strstr(end.text, "the default holds; guard_side takes after|before: guard_side=left\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_set_by_a_good_value),
        cmocka_unit_test(empty_text_and_empty_entries_set_nothing),
        cmocka_unit_test(unknown_keys_are_refused),
        cmocka_unit_test(bad_values_are_refused),
        cmocka_unit_test(refused_entry_leaves_the_others_in_force),
        cmocka_unit_test(last_of_several_values_holds),
        cmocka_unit_test(warning_says_what_is_taken_and_quotes_the_entry_alone),
        cmocka_unit_test(path_is_taken_up_to_its_room_and_refused_beyond),
        cmocka_unit_test(thousands_of_entries_are_each_looked_at),
        cmocka_unit_test(environment_is_read_where_it_is_set),
        cmocka_unit_test(release_form_says_that_an_option_needs_the_debug_form),
        cmocka_unit_test(warning_says_what_a_value_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
