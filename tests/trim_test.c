/*
 * trim_test.c: cairn_trim gives back to the system what no live block holds.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "alloc/cairn.h"
#include "alloc/form.h"
#include "alloc/os_watch.h"
#include "tests/support.h"

enum { MANY = 400000, SURVIVORS = 400 };
static void *many[MANY];

static void trim_gives_the_peak_back(void **state) {
    (void)state;
    if (cn_watch_is_on()) {
        skip(); /* AddressSanitizer keeps what it noted of the memory */
    }
    cairn_trim();
    size_t before = resident_bytes();
    uint64_t random = 5;
    for (size_t i = 0; i < MANY; i++) {
        size_t size = 16 + random_next(&random) % 500;
        many[i] = memset(cairn_malloc(size), 1, size);
    }
    size_t peak = resident_bytes();
    assert_true(peak > before + 90 * MIB);
    for (size_t i = 0; i < MANY; i++) {
        cairn_free(many[i]);
    }
    cairn_trim();
    bool has_shrunk = resident_bytes() < before + (peak - before) / 20;
    assert_true(has_shrunk || CAIRN_DEBUG); /* its quarantine keeps what was freed */
    assert_true(cairn_check());
}

static void trim_gives_back_the_pages_between_survivors(void **state) {
    (void)state;
    if (cn_watch_is_on()) {
        skip(); /* as above */
    }
    cairn_trim();
    size_t before = resident_bytes();
    for (size_t i = 0; i < MANY; i++) {
        many[i] = memset(cairn_malloc(256), 1, 256);
    }
    size_t peak = resident_bytes();
    assert_true(peak > before);
    for (size_t i = 0; i < MANY; i++) {
        if (i % (MANY / SURVIVORS) != 0) {
            cairn_free(many[i]);
        }
    }
    bool has_trimmed = cairn_trim() > 0 && resident_bytes() < before + (peak - before) / 10;
    assert_true(has_trimmed || CAIRN_DEBUG); /* its quarantine keeps what was freed */
    for (size_t i = 0; i < MANY; i += MANY / SURVIVORS) {
        assert_int_equal(*(unsigned char *)many[i], 1);
        cairn_free(many[i]);
    }
    assert_true(cairn_check());
}

static void trim_of_nothing_gives_nothing(void **state) {
    (void)state;
    cairn_trim();
    errno = 9;
    assert_int_equal(cairn_trim(), 0);
    assert_int_equal(errno, 9);
}

static void what_trim_gave_back_can_be_used_again(void **state) {
    (void)state;
    for (unsigned round = 0; round < 4; round++) {
        for (size_t i = 0; i < MANY / 10; i++) {
            many[i] = cairn_malloc(1000);
            fill_pattern(many[i], 1000, i);
        }
        for (size_t i = 0; i < MANY / 10; i += 2) {
            cairn_free(many[i]);
        }
        cairn_trim();
        for (size_t i = 0; i < MANY / 10; i++) {
            many[i] = i % 2 ? many[i] : cairn_calloc(1, 1000);
            assert_true(i % 2 ? has_pattern(many[i], 1000, i) : is_zero(many[i], 1000));
            cairn_free(many[i]);
        }
    }
    assert_true(cairn_check());
}

/* The system takes no pages back that the program has locked. */
static void what_is_locked_in_memory_is_clear_after_calloc_all_the_same(void **state) {
    (void)state;
    void *neighbour = cairn_malloc(100 * KIB);
    void *block = cairn_malloc(MIB);
    memset(block, 0xff, MIB);
    if (mlock(block, MIB) != 0) {
        skip();
    }
    cairn_free(block);
    cairn_trim();
    void *again[8];
    for (size_t i = 0; i < 8; i++) {
        again[i] = cairn_calloc(1, MIB);
        assert_true(is_zero(again[i], MIB));
    }
    munlock(block, MIB);
    for (size_t i = 0; i < 8; i++) {
        cairn_free(again[i]);
    }
    cairn_free(neighbour);
    assert_true(cairn_check());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trim_gives_the_peak_back),
        cmocka_unit_test(trim_gives_back_the_pages_between_survivors),
        cmocka_unit_test(trim_of_nothing_gives_nothing),
        cmocka_unit_test(what_trim_gave_back_can_be_used_again),
        cmocka_unit_test(what_is_locked_in_memory_is_clear_after_calloc_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
