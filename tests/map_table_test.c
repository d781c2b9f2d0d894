/*
 * map_table_test.c: a process that has as many mappings as the system allows. Then an allocation may fail with ENOMEM
 * but must not crash, free must work and keep errno, and all must be well again when the mappings are gone.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "tests/dropin.h"

enum { SLOTS = 70000 };

static unsigned char *area; /* SLOTS pairs of pages, one of each pair made readable to be a mapping of its own */
static const size_t page = 4096;

static size_t most_maps(void) {
    FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
    unsigned long most = 0;
    MUST(file != NULL && fscanf(file, "%lu", &most) == 1);
    fclose(file);
    return most;
}

/* Splits the area until the table is full, less `spare` mappings. */
static void fill_map_table(size_t spare) {
    size_t filled = 0;
    area = mmap(NULL, SLOTS * 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    MUST(area != MAP_FAILED);
    while (filled < SLOTS && mprotect(area + filled * 2 * page, page, PROT_READ) == 0) {
        filled++;
    }
    MUST(filled < SLOTS && errno == ENOMEM);
    for (size_t i = 0; i < spare / 2 && i < filled; i++) {
        mprotect(area + (filled - 1 - i) * 2 * page, page, PROT_NONE);
    }
}

static void empty_map_table(void) { MUST(munmap(area, SLOTS * 2 * page) == 0); }

static bool good_or_enomem(void *block, size_t size) {
    if (block == NULL) {
        return errno == ENOMEM;
    }
    memset(block, 0x5c, size);
    return true;
}

static void expect_all_is_well(void) {
    for (size_t size = 1; size <= 64 * MIB; size *= 3) {
        void *block = hide(malloc(size));
        assert_non_null(block);
        memset(block, 1, size);
        block = hide(realloc(block, size * 2));
        assert_non_null(block);
        free(block);
    }
}

/* ---- cases --------------------------------------------------------------------------------------------------- */

static void allocation_fails_with_enomem_or_succeeds(void **state) {
    (void)state;
    if (most_maps() > SLOTS) {
        skip();
    }
    for (size_t spare = 0; spare <= 16; spare += 4) {
        bool good = true;
        fill_map_table(spare);
        for (size_t size = 1; size <= 256 * MIB; size = size * 3 / 2 + 1) {
            void *block = hide(malloc(size));
            good = good && good_or_enomem(block, size < MIB ? size : MIB);
            free(block);
            block = hide(memalign(64 * KIB, size));
            good = good && good_or_enomem(block, size < MIB ? size : MIB);
            free(block);
        }
        empty_map_table();
        assert_true(good);
        expect_all_is_well();
    }
}

static void many_small_blocks_fail_or_succeed(void **state) {
    (void)state;
    enum { COUNT = 100000 };
    static void *blocks[COUNT];
    bool good = true;
    if (most_maps() > SLOTS) {
        skip();
    }
    fill_map_table(4);
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = hide(malloc(i % 2000));
        good = good && good_or_enomem(blocks[i], i % 2000);
    }
    for (size_t i = 0; i < COUNT; i++) {
        free(blocks[i]);
    }
    empty_map_table();
    assert_true(good);
    expect_all_is_well();
}

/* Notes in each page of the block from `from` on which one it is. */
static void stamp(char *block, size_t from, size_t to, size_t number) {
    for (size_t at = from; at < to; at += page) {
        *(size_t *)(void *)(block + at) = at + number;
    }
}

static bool is_stamped(const char *block, size_t bytes, size_t number) {
    for (size_t at = 0; at < bytes; at += page) {
        if (*(const size_t *)(const void *)(block + at) != at + number) {
            return false;
        }
    }
    return true;
}

/* Blocks that have grown again and again are made of several mappings, of which the system may move some only. */
static void blocks_that_grow_keep_their_bytes(void **state) {
    (void)state;
    enum { COUNT = 16, FIRST = 2, LAST = 8 };
    static char *blocks[COUNT];
    if (most_maps() > SLOTS) {
        skip();
    }
    for (size_t mib = FIRST; mib <= LAST; mib++) {
        for (size_t i = 0; i < COUNT; i++) {
            blocks[i] = hide(realloc(blocks[i], mib * MIB));
            assert_non_null(blocks[i]);
            stamp(blocks[i], mib == FIRST ? 0 : (mib - 1) * MIB, mib * MIB, i);
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        fill_map_table(i);
        void *one_more = i % 2 != 0 ? mmap(NULL, page, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0) : MAP_FAILED;
        char *grown = hide(realloc(blocks[i], (LAST + 2) * MIB));
        bool is_good = grown != NULL || errno == ENOMEM;
        blocks[i] = grown != NULL ? grown : blocks[i];
        empty_map_table();
        assert_true(is_good && is_stamped(blocks[i], LAST * MIB, i));
        assert_true(one_more == MAP_FAILED || munmap(one_more, page) == 0);
    }
    for (size_t i = 0; i < COUNT; i++) {
        free(blocks[i]);
        blocks[i] = NULL;
    }
}

static void free_keeps_errno_when_unmapping_fails(void **state) {
    (void)state;
    enum { COUNT = 200 };
    static void *blocks[COUNT];
    bool kept = true;
    if (most_maps() > SLOTS) {
        skip();
    }
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = hide(malloc(100 * KIB + i * 40 * KIB));
        assert_non_null(blocks[i]);
    }
    fill_map_table(0);
    for (size_t i = 0; i < COUNT; i++) {
        errno = 4711;
        free(blocks[(i * 7) % COUNT]);
        kept = kept && errno == 4711;
    }
    malloc_trim(0);
    empty_map_table();
    assert_true(kept);
    expect_all_is_well();
}

static void realloc_keeps_the_contents_when_maps_are_out(void **state) {
    (void)state;
    bool good = true;
    if (most_maps() > SLOTS) {
        skip();
    }
    for (size_t size = 10; size <= 8 * MIB; size *= 6) {
        void *block = hide(malloc(size));
        fill_pattern(block, size, 6);
        fill_map_table(2);
        void *larger = hide(realloc(hide(block), size * 5));
        good = good && (larger != NULL || errno == ENOMEM) && has_pattern(larger != NULL ? larger : block, size, 6);
        free(larger != NULL ? larger : block);
        empty_map_table();
    }
    assert_true(good);
    expect_all_is_well();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocation_fails_with_enomem_or_succeeds),
        cmocka_unit_test(many_small_blocks_fail_or_succeed),
        cmocka_unit_test(blocks_that_grow_keep_their_bytes),
        cmocka_unit_test(free_keeps_errno_when_unmapping_fails),
        cmocka_unit_test(realloc_keeps_the_contents_when_maps_are_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
