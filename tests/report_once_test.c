/*
 * report_once_test.c: where the process goes on after a report, the same damage is reported once, and other damage
 * anew.
 */
#define _GNU_SOURCE
#include "alloc/hooks.h"
#include "alloc/options.h"
#include "tests/reports.h"

/* By sweeps, and by the frees. */
static void look_at_damage_often(void *argument) {
    (void)argument;
    cn_options.halt_on_error = false;
    char *over = block_of(64);
    char *under = block_of(100 * KIB);
    char *sealed = block_of(40);
    char *fenced = block_of(200);
    spoil(over + 64, 1);
    spoil(under - 1, 1);
    MUST(cairn_seal(sealed));
    sealed[3] ^= 1;
    MUST(cairn_fence(fenced, 10, 20));
    spoil(fenced + 12, 2);
    for (unsigned i = 0; i < 3; i++) {
        cairn_check();
    }
    MUST(!cairn_unseal(sealed));
    cairn_free(over);
    cairn_free(under);
    cairn_free(fenced);
    cairn_check();
}

static void damage_is_reported_once(void **state) {
    (void)state;
    struct child_end end = run_in_child(look_at_damage_often, NULL, SECONDS);
    expect_success(&end);
    assert_int_equal(count_of(end.text, "cairn: ERROR: heap-buffer-overflow: "), 1);
    assert_int_equal(count_of(end.text, "cairn: ERROR: heap-buffer-underflow: "), 1);
    assert_int_equal(count_of(end.text, "cairn: ERROR: sealed-write: "), 1);
    assert_int_equal(count_of(end.text, "cairn: ERROR: fence-write: "), 1);
}

/* By delete, which names a size of another block besides. */
static void free_as_what_it_is_not(void *argument) {
    static const struct cn_release release = {.operation = "delete", .family = CN_ASKED_NEW, .size = 8};
    (void)argument;
    cn_options.halt_on_error = false;
    cn_debug_free(NULL, block_of(20), &release);
}

static void wrong_family_is_one_report(void **state) {
    (void)state;
    struct child_end end = run_in_child(free_as_what_it_is_not, NULL, SECONDS);
    expect_success(&end);
    assert_int_equal(count_of(end.text, "cairn: ERROR: alloc-dealloc-mismatch: "), 1);
    assert_int_equal(count_of(end.text, "cairn: ERROR: "), 1);
}

static unsigned overflows;

static enum cairn_verdict count_overflow(const struct cairn_report *report, void *argument) {
    (void)argument;
    overflows += strcmp(report->kind, "heap-buffer-overflow") == 0;
    return CAIRN_GO_ON;
}

/* Blocks at one address, each damaged a little otherwise. */
static void damage_one_after_another(void *argument) {
    enum { BLOCKS = 64 };
    (void)argument;
    MUST(cairn_set_report_callback(count_overflow, NULL));
    cn_options.quarantine_bytes = 0;
    for (size_t i = 0; i < BLOCKS; i++) {
        struct cairn_heap *heap = cairn_heap_create("damaged", NULL);
        char *block = hide(cairn_heap_malloc(heap, 24));
        spoil(block + 24, 1 + i % 8);
        cairn_heap_free(heap, block);
        cairn_heap_destroy(heap);
    }
    MUST(overflows == BLOCKS);
}

static void each_block_has_a_report_of_its_own(void **state) {
    (void)state;
    struct child_end end = run_in_child(damage_one_after_another, NULL, SECONDS);
    expect_success(&end);
}

static void damage_and_look(void *argument) {
    (void)argument;
    cn_options.halt_on_error = false;
    char *block = block_of(64);
    spoil(block + 64, 1);
    cairn_check();
    spoil(block + 65, 1);
    cairn_check();
    for (unsigned i = 0; i < 2; i++) {
        MUST(cairn_seal(block));
        block[3] ^= 1;
        MUST(!cairn_unseal(block));
    }
}

static void more_damage_is_reported_anew(void **state) {
    (void)state;
    struct child_end end = run_in_child(damage_and_look, NULL, SECONDS);
    expect_success(&end);
    assert_int_equal(count_of(end.text, "cairn: ERROR: heap-buffer-overflow: "), 2);
    assert_int_equal(count_of(end.text, "cairn: ERROR: sealed-write: "), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damage_is_reported_once),
        cmocka_unit_test(wrong_family_is_one_report),
        cmocka_unit_test(each_block_has_a_report_of_its_own),
        cmocka_unit_test(more_damage_is_reported_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
