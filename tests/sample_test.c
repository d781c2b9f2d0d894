/*
 * sample_test.c: the random choice of blocks for guarded pages (sample.h), and what the release form reports of such a
 * block: the kind, the distance, and where it was accessed, allocated and freed.
 */
#define _GNU_SOURCE
#include "alloc/sample.h"

#include <regex.h>

#include "alloc/form.h"
#include "tests/unit.h"

/* ---- the choice ---------------------------------------------------------------------------------------------- */

static unsigned count_chosen(uint64_t asked, uint64_t blocks_each) {
    unsigned chosen = 0;
    for (uint64_t i = 0; i < asked; i++) {
        chosen += cn_sample_is_due(blocks_each) ? 1 : 0;
    }
    return chosen;
}

static void choose_one_in_100(void *argument) {
    (void)argument;
    MUST(count_chosen(1000, 1) == 0);
    cn_sample_start(100, 1);
    unsigned chosen = count_chosen(1000000, 1);
    MUST(chosen > 9500 && chosen < 10500);
    chosen = count_chosen(1000000, 10);
    MUST(chosen > 90000 && chosen < 105000);
}

static void one_block_in_so_many_is_chosen_on_average(void **state) {
    (void)state;
    expect_return(choose_one_in_100, NULL);
}

static void choose_every(void *argument) {
    (void)argument;
    cn_sample_start(1, 1);
    MUST(count_chosen(1000, 1) == 1000 && count_chosen(1000, 64) == 1000);
}

static void one_in_one_chooses_every_block(void **state) {
    (void)state;
    expect_return(choose_every, NULL);
}

static void choose_hardly_ever(void *argument) {
    (void)argument;
    cn_sample_start(UINT64_MAX, 1);
    MUST(count_chosen(1000, 1) == 0);
}

static void one_in_very_many_chooses_hardly_any(void **state) {
    (void)state;
    expect_return(choose_hardly_ever, NULL);
}

/* Which of the first thousand are chosen, on standard error. */
static void print_choice(void *seed) {
    cn_sample_start(20, *(uint64_t *)seed);
    for (unsigned i = 0; i < 1000; i++) {
        if (cn_sample_is_due(1)) {
            dprintf(STDERR_FILENO, "%u ", i);
        }
    }
}

static void same_seed_chooses_the_same_blocks(void **state) {
    (void)state;
    uint64_t seed = 42;
    uint64_t other_seed = 43;
    struct child_end first = run_in_child(print_choice, &seed, 10);
    struct child_end second = run_in_child(print_choice, &seed, 10);
    struct child_end third = run_in_child(print_choice, &other_seed, 10);
    assert_true(strlen(first.text) > 50);
    assert_string_equal(first.text, second.text);
    assert_string_not_equal(first.text, third.text);
}

static void take_as_fast_as_can_be(void *argument) {
    (void)argument;
    struct cn_registers place = cn_machine_here();
    cn_guard_start(CN_GUARD_AFTER);
    cn_sample_start(CN_SAMPLE_GENTLE_FROM, 1);
    double start = seconds_now();
    unsigned taken = 0;
    while (seconds_now() - start < 0.2) {
        void *block = cn_sample_malloc(100, 16, &place);
        taken += block != NULL ? 1 : 0;
        MUST(block == NULL || cn_sample_free(block, &place));
    }
    MUST(taken >= 1 && taken <= 60);
    cn_sample_start(CN_SAMPLE_GENTLE_FROM - 1, 1);
    for (unsigned i = 0; i < 1000; i++) {
        void *block = cn_sample_malloc(100, 16, &place);
        MUST(block != NULL && cn_sample_free(block, &place));
    }
}

static void few_blocks_a_second_are_guarded_where_one_in_very_many_is_chosen(void **state) {
    (void)state;
    if (CAIRN_DEBUG) {
        skip(); /* it guards each that is chosen */
    }
    expect_return(take_as_fast_as_can_be, NULL);
}

/* ---- reports, of the release form alone ---------------------------------------------------------------------- */

enum { SIZE = 24 };

struct access {
    ptrdiff_t offset;
    enum cn_access access;
    bool is_freed;
    enum cn_guard_side side;
    const char *report; /* the first line, an extended regular expression */
};

static __attribute__((noinline)) char *allocate(void) {
    struct cn_registers place = cn_machine_here();
    return cn_sample_malloc(SIZE, 16, &place);
}

static __attribute__((noinline)) bool release(char *block) {
    struct cn_registers place = cn_machine_here();
    return cn_sample_free(block, &place);
}

static void access_block(void *argument) {
    const struct access *access = argument;
    cn_guard_start(access->side);
    MUST(cn_os_handle_faults(cn_sample_report_fault));
    char *block = allocate();
    MUST(block != NULL && is_zero(block, SIZE));
    MUST(!access->is_freed || release(block));
    if (access->access == CN_ACCESS_WRITE) {
        *(volatile char *)(block + access->offset) = 1;
    } else {
        (void)*(volatile char *)(block + access->offset);
    }
}

static void expect_match(const char *text, const char *pattern) {
    regex_t compiled;
    assert_int_equal(regcomp(&compiled, pattern, REG_EXTENDED | REG_NEWLINE | REG_NOSUB), 0);
    if (regexec(&compiled, text, 0, NULL, 0) != 0) {
        fail_msg("no match of %s in: %s", pattern, text);
    }
    regfree(&compiled);
}

static void expect_report(const struct access *access) {
    static const char frame[] = "\n    #0 0x[0-9a-f]+ \\(/.+\\+0x[0-9a-f]+\\)";
    char pattern[128];
    struct access copy = *access;
    struct child_end end = run_in_child(access_block, &copy, 10);
    expect_abort(&end, "cairn: ERROR: ");
    expect_match(end.text, access->report);
    (void)snprintf(pattern, sizeof pattern, "^  accessed by thread [0-9]+:%s", frame);
    expect_match(end.text, pattern);
    (void)snprintf(pattern, sizeof pattern, "^  allocated by thread [0-9]+:%s", frame);
    expect_match(end.text, pattern);
    assert_true((strstr(end.text, "  freed by thread") != NULL) == access->is_freed);
}

static void fault_is_reported_with_its_block_and_all_traces(void **state) {
    (void)state;
    if (CAIRN_DEBUG) {
        skip(); /* it has reports of its own */
    }
    static const struct access accesses[] = {
        {32, CN_ACCESS_READ, false, CN_GUARD_AFTER,
         "^cairn: ERROR: heap-buffer-overflow: read past the end of a block of 24 bytes at 0x[0-9a-f]+, at offset 32$"},
        {33, CN_ACCESS_WRITE, false, CN_GUARD_AFTER,
         "^cairn: ERROR: heap-buffer-overflow: write past the end of a block of 24 bytes at 0x[0-9a-f]+, at offset 33$"},
        {-1, CN_ACCESS_WRITE, false, CN_GUARD_BEFORE,
         "^cairn: ERROR: heap-buffer-underflow: write before the start of a block of 24 bytes at 0x[0-9a-f]+, at offset -1$"},
        {0, CN_ACCESS_READ, true, CN_GUARD_AFTER,
         "^cairn: ERROR: heap-use-after-free: read in a freed block of 24 bytes at 0x[0-9a-f]+, at offset 0$"},
        {23, CN_ACCESS_WRITE, true, CN_GUARD_BEFORE,
         "^cairn: ERROR: heap-use-after-free: write in a freed block of 24 bytes at 0x[0-9a-f]+, at offset 23$"},
    };
    for (size_t i = 0; i < sizeof accesses / sizeof accesses[0]; i++) {
        expect_report(&accesses[i]);
    }
}

static void access_beyond_all_blocks(void *argument) {
    (void)argument;
    cn_guard_start(CN_GUARD_AFTER);
    MUST(cn_os_handle_faults(cn_sample_report_fault) && allocate() != NULL);
    *(volatile char *)(cn_guard_zone.start + MIB) = 1;
}

static void fault_where_no_block_was_is_not_reported(void **state) {
    (void)state;
    if (CAIRN_DEBUG) {
        skip();
    }
    struct child_end end = run_in_child(access_beyond_all_blocks, NULL, 10);
    assert_true(WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGSEGV);
    assert_string_equal(end.text, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_block_in_so_many_is_chosen_on_average),
        cmocka_unit_test(one_in_one_chooses_every_block),
        cmocka_unit_test(one_in_very_many_chooses_hardly_any),
        cmocka_unit_test(same_seed_chooses_the_same_blocks),
        cmocka_unit_test(few_blocks_a_second_are_guarded_where_one_in_very_many_is_chosen),
        cmocka_unit_test(fault_is_reported_with_its_block_and_all_traces),
        cmocka_unit_test(fault_where_no_block_was_is_not_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
