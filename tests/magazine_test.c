/*
 * magazine_test.c: the small stack of free blocks (magazine.h): its two ends, the one that holds nothing, and the live
 * bits that go with it.
 */
#define _GNU_SOURCE
#include "alloc/magazine.h"

#include "tests/fresh.h"

enum { ROOM = 5 };

struct trial {
    void *entries[1 + ROOM + 1]; /* the sentinel, the room, and one that must stay as it is */
    struct cn_magazine magazine;
};

static int blocks[ROOM + 1];

static void start(struct trial *trial, size_t room) {
    memset(trial, 0, sizeof *trial);
    trial->entries[1 + room] = &blocks[ROOM];
    trial->magazine.top = trial->entries;
    trial->magazine.ceiling = trial->entries + room;
}

static void empty_magazine_pops_null_and_stays_empty(void **state) {
    (void)state;
    struct trial trial;
    start(&trial, ROOM);
    for (unsigned i = 0; i < 3; i++) {
        assert_null(cn_magazine_pop(&trial.magazine));
        assert_ptr_equal(trial.magazine.top, trial.entries);
    }
}

static void blocks_come_back_last_first(void **state) {
    (void)state;
    struct trial trial;
    start(&trial, ROOM);
    for (size_t i = 0; i < ROOM; i++) {
        assert_true(cn_magazine_push(&trial.magazine, &blocks[i]));
    }
    for (size_t i = ROOM; i > 0; i--) {
        assert_ptr_equal(cn_magazine_pop(&trial.magazine), &blocks[i - 1]);
    }
    assert_null(cn_magazine_pop(&trial.magazine));
}

static void full_magazine_refuses_and_keeps_what_it_has(void **state) {
    (void)state;
    struct trial trial;
    start(&trial, ROOM);
    for (size_t i = 0; i < ROOM; i++) {
        assert_true(cn_magazine_push(&trial.magazine, &blocks[i]));
    }
    assert_false(cn_magazine_push(&trial.magazine, &blocks[0]));
    assert_ptr_equal(trial.entries[1 + ROOM], &blocks[ROOM]);
    assert_ptr_equal(cn_magazine_pop(&trial.magazine), &blocks[ROOM - 1]);
    assert_true(cn_magazine_push(&trial.magazine, &blocks[0]));
    assert_ptr_equal(cn_magazine_pop(&trial.magazine), &blocks[0]);
}

static void magazine_without_room_is_empty_and_full(void **state) {
    (void)state;
    struct trial trial;
    start(&trial, 0);
    assert_null(cn_magazine_pop(&trial.magazine));
    assert_false(cn_magazine_push(&trial.magazine, &blocks[0]));
    assert_ptr_equal(trial.entries[1], &blocks[ROOM]);
    assert_null(trial.entries[0]);
}

static void sentinel_is_never_written(void **state) {
    (void)state;
    struct trial trial;
    uint64_t random = 5;
    size_t depth = 0;
    start(&trial, ROOM);
    for (unsigned i = 0; i < 10000; i++) {
        if (random_next(&random) % 2 == 0) {
            depth += cn_magazine_push(&trial.magazine, &blocks[depth]) ? 1 : 0;
        } else {
            void *popped = cn_magazine_pop(&trial.magazine);
            assert_int_equal(popped != NULL, depth > 0);
            depth -= popped != NULL ? 1 : 0;
        }
        assert_ptr_equal(trial.magazine.top, trial.entries + depth);
        assert_null(trial.entries[0]);
        assert_ptr_equal(trial.entries[1 + ROOM], &blocks[ROOM]);
    }
}

/* ---- live bits ----------------------------------------------------------------------------------------------- */

static void set_and_clear(void *argument) {
    (void)argument;
    static const size_t granules[] = {0, 1, 62, 63, 64, 65, 4095, 4096, CN_ARENA_GRANULES - 1, CN_ARENA_GRANULES};
    const size_t count = sizeof granules / sizeof granules[0];
    fresh_region(0);
    MUST(cn_region_grow(2) == 0);
    for (size_t i = 0; i < count; i++) {
        MUST(!cn_live_test(granules[i]));
        if (i % 2 == 0) {
            cn_live_set(granules[i]);
        } else {
            cn_live_put(cn_region.base + granules[i] * CN_GRANULE_BYTES);
        }
        for (size_t j = 0; j < count; j++) {
            MUST(cn_live_test(granules[j]) == (j <= i));
        }
    }
    cn_live_set(granules[0]);
    MUST(cn_live_test(granules[0]));
    for (size_t i = 0; i < count; i++) {
        cn_live_clear(granules[i]);
        for (size_t j = 0; j < count; j++) {
            MUST(cn_live_test(granules[j]) == (j > i));
        }
    }
}

static void live_bits_are_each_their_own(void **state) {
    (void)state;
    expect_return(set_and_clear, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_magazine_pops_null_and_stays_empty),
        cmocka_unit_test(blocks_come_back_last_first),
        cmocka_unit_test(full_magazine_refuses_and_keeps_what_it_has),
        cmocka_unit_test(magazine_without_room_is_empty_and_full),
        cmocka_unit_test(sentinel_is_never_written),
        cmocka_unit_test(live_bits_are_each_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
