/*
 * model_test.c: that the oracle bites. Each case lets a child tell it of something that must not be.
 */
#define _GNU_SOURCE

#include "fuzz/model.h"

#include "tests/child.h"

static struct cn_model model;

static void fresh_model(void) { cn_model_init(&model, CN_NULL_FOR_A_REASON); }

static void put_malloc(size_t index, size_t size) {
    void *block = cairn_malloc(size);
    MUST(block != NULL);
    cn_model_put(&model, index, 0, block, size, 0, CN_CONTENT_ANY);
}

static void expect_complaint(void (*run)(void *), void *argument, const char *promise) {
    fresh_model();
    struct child_end end = run_in_child(run, argument, 20);
    expect_abort(&end, promise);
}

static void take_in_order(void *argument) {
    (void)argument;
    put_malloc(0, 100);
    put_malloc(1, 20000);
    cn_model_write(&model, 1);
    cn_model_check_stats(&model);
    cn_model_check_walk(&model);
    cairn_free(cn_model_take(&model, 0));
    cairn_free(cn_model_take(&model, 1));
    (void)cairn_trim();
    cn_model_check_returned(&model);
}

static void what_is_right_passes(void **state) {
    (void)state;
    fresh_model();
    struct child_end end = run_in_child(take_in_order, NULL, 20);
    expect_success(&end);
}

static void put_twice(void *argument) {
    (void)argument;
    put_malloc(0, 100);
    cn_model_put(&model, 1, 0, model.blocks[0].start, 50, 0, CN_CONTENT_ANY);
}

static void overlapping_blocks_are_found(void **state) {
    (void)state;
    expect_complaint(put_twice, NULL, "a block overlaps no other");
}

static void put_too_short(void *argument) {
    void *block = cairn_malloc(100);
    (void)argument;
    cn_model_put(&model, 0, 0, block, cairn_usable_size(block) + 1, 0, CN_CONTENT_ANY);
}

static void block_that_is_too_short_is_found(void **state) {
    (void)state;
    expect_complaint(put_too_short, NULL, "at least what was asked for");
}

static void put_misaligned(void *argument) {
    (void)argument;
    char *block = cairn_aligned_alloc(4096, 4096);
    char *other = cairn_malloc(16);
    MUST((uintptr_t)block % 4096 == 0 && (uintptr_t)other % ((size_t)1 << 40) != 0);
    cn_model_put(&model, 0, 0, block, 4096, 4096, CN_CONTENT_ANY);
    cn_model_put(&model, 1, 0, other, 16, (size_t)1 << 40, CN_CONTENT_ANY);
}

static void misaligned_block_is_found(void **state) {
    (void)state;
    expect_complaint(put_misaligned, NULL, "aligned as asked for");
}

static void put_dirty_as_zero(void *argument) {
    size_t size = 1000;
    unsigned char *block = cairn_calloc(1, size);
    block[*(const size_t *)argument] = 1;
    cn_model_put(&model, 0, 0, block, size, 0, CN_CONTENT_ZERO);
}

static void byte_of_calloc_that_is_not_zero_is_found(void **state) {
    (void)state;
    size_t places[] = {0, 7, 8, 500, 992, 999};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        expect_complaint(put_dirty_as_zero, &places[i], "a block of calloc is zero");
    }
}

/* A block, and the byte of it that is changed behind the model's back. */
struct damage {
    size_t size;
    size_t place;
};

static void damage_block(void *argument) {
    const struct damage *damage = argument;
    put_malloc(0, damage->size);
    cn_model_write(&model, 0);
    model.blocks[0].start[damage->place] ^= 1;
    cn_model_check_block(&model, 0);
}

static void changed_byte_is_found_wherever_it_is(void **state) {
    (void)state;
    struct damage damages[] = {{1, 0},       {24, 23},         {1001, 0},       {1001, 500},
                               {1001, 1000}, {300000, 123456}, {300000, 299999}};
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        expect_complaint(damage_block, &damages[i], "contents stay as they were written");
    }
}

static void damage_in_resize(void *argument) {
    const struct damage *damage = argument;
    put_malloc(0, damage->size);
    cn_model_before_resize(&model, 0);
    unsigned char *moved = cairn_realloc(model.blocks[0].start, damage->size * 2);
    moved[damage->place] ^= 1;
    cn_model_resized(&model, 0, moved, damage->size * 2);
}

static void byte_that_realloc_lost_is_found(void **state) {
    (void)state;
    struct damage damages[] = {{40, 39}, {5000, 4999}, {60000, 0}, {60000, 31234}, {60000, 59999}};
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        expect_complaint(damage_in_resize, &damages[i], "realloc keeps what both sizes have in common");
    }
}

static void refuse(void *argument) { cn_model_refused(&model, 0, *(const size_t *)argument, 0, 0, ENOMEM); }

static void refusal_without_reason_is_found(void **state) {
    (void)state;
    size_t sizes[] = {0, 1, 65536, (size_t)100 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        expect_complaint(refuse, &sizes[i], "refused for a reason only");
    }
    size_t absurd = (size_t)1 << 50;
    fresh_model();
    struct child_end end = run_in_child(refuse, &absurd, 20);
    expect_success(&end);
}

static void refuse_within_budget(void *argument) {
    struct cairn_heap_options options = {.budget_bytes = MIB};
    cn_model_heap_created(&model, 1, cairn_heap_create("small", &options), options.budget_bytes);
    cn_model_refused(&model, 1, *(const size_t *)argument, 0, 0, ENOMEM);
}

static void refusal_within_the_budget_is_found(void **state) {
    (void)state;
    size_t small = 100;
    expect_complaint(refuse_within_budget, &small, "refused for a reason only");
    size_t large = 2 * MIB;
    fresh_model();
    struct child_end end = run_in_child(refuse_within_budget, &large, 20);
    expect_success(&end);
}

static void exceed_budget(void *argument) {
    (void)argument;
    struct cairn_heap *heap = cairn_heap_create("wide", NULL);
    cn_model_heap_created(&model, 1, heap, 64 * KIB);
    for (size_t i = 0; i < 100; i++) {
        cn_model_put(&model, i, 1, cairn_heap_malloc(heap, 16 * KIB), 16 * KIB, 0, CN_CONTENT_ANY);
    }
}

static void heap_beyond_its_budget_is_found(void **state) {
    (void)state;
    expect_complaint(exceed_budget, NULL, "holds to its budget");
}

/* `argument` is the check that is to see the block which is no more. */
static void lose_block(void *argument) {
    put_malloc(0, 100);
    put_malloc(1, 100);
    cairn_free(model.blocks[1].start);
    void (*check)(struct cn_model *);
    memcpy(&check, argument, sizeof check);
    check(&model);
}

static void block_that_stats_and_walks_do_not_show_is_found(void **state) {
    (void)state;
    void (*check)(struct cn_model *) = cn_model_check_walk;
    expect_complaint(lose_block, &check, "a walk shows every live block");
    if (strstr(cairn_version(), "debug") == NULL) { /* where a freed block may still be counted */
        check = cn_model_check_stats;
        expect_complaint(lose_block, &check, "the live blocks are counted");
    }
}

static void keep_block(void *argument) {
    (void)argument;
    MUST(cairn_malloc(100) != NULL);
    (void)cairn_trim();
    cn_model_check_returned(&model);
}

static void memory_that_is_not_returned_is_found(void **state) {
    (void)state;
    fresh_model();
    if (model.is_debug_form) {
        skip();
    }
    expect_complaint(keep_block, NULL, "no block is left");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_right_passes),
        cmocka_unit_test(overlapping_blocks_are_found),
        cmocka_unit_test(block_that_is_too_short_is_found),
        cmocka_unit_test(misaligned_block_is_found),
        cmocka_unit_test(byte_of_calloc_that_is_not_zero_is_found),
        cmocka_unit_test(changed_byte_is_found_wherever_it_is),
        cmocka_unit_test(byte_that_realloc_lost_is_found),
        cmocka_unit_test(refusal_without_reason_is_found),
        cmocka_unit_test(refusal_within_the_budget_is_found),
        cmocka_unit_test(heap_beyond_its_budget_is_found),
        cmocka_unit_test(block_that_stats_and_walks_do_not_show_is_found),
        cmocka_unit_test(memory_that_is_not_returned_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
