/*
 * dropin_test.c: malloc, calloc, realloc, reallocarray, free and malloc_usable_size by their libc names, as glibc
 * 2.36 has them. See dropin.h for how one program runs on glibc and on Cairn.
 */
#define _GNU_SOURCE
#include <sys/sysinfo.h>

#include "tests/dropin.h"

/* ---- malloc and calloc --------------------------------------------------------------------------------------- */

static void malloc_of_zero_is_unique_and_can_be_freed(void **state) {
    (void)state;
    void *first = hide(malloc(0));
    void *second = hide(malloc(0));
    assert_true(first != NULL && second != NULL && first != second);
    free(first);
    free(second);
}

static void every_size_is_aligned_and_writable_to_its_end(void **state) {
    (void)state;
    for (size_t size = 0; size <= 10 * MIB; size += size < 5000 ? 1 : size / 5) {
        unsigned char *block = hide(malloc(size));
        assert_non_null(block);
        assert_true(is_aligned(block, _Alignof(max_align_t)));
        assert_true(malloc_usable_size(block) >= size);
        memset(block, 0x3c, malloc_usable_size(block));
        free(block);
    }
}

static void absurd_sizes_are_enomem(void **state) {
    (void)state;
    errno = 0;
    for (size_t i = 0; i < ABSURD_COUNT; i++) {
        size_t size = hide_size(absurd_sizes[i]);
        expect_enomem(malloc(size));
        expect_enomem(calloc(1, size));
        expect_enomem(calloc(size, 1));
        expect_enomem(realloc(NULL, size));
        expect_enomem(reallocarray(NULL, 1, size));
        expect_enomem(reallocarray(NULL, size, 1));
    }
}

static void absurd_sizes_do_not_spoil_later_requests(void **state) {
    (void)state;
    void *block = hide(malloc(16));
    free(block);
    expect_enomem(malloc(hide_size(SIZE_MAX)));
    block = hide(malloc(16));
    assert_non_null(block);
    expect_enomem(realloc(hide(block), hide_size(SIZE_MAX)));
    free(block);
}

static void products_above_ptrdiff_max_are_enomem(void **state) {
    (void)state;
    errno = 0;
    for (unsigned shift = 1; shift < 64; shift++) {
        size_t count = hide_size((size_t)1 << shift);
        for (size_t extra = 0; extra < 3; extra++) {
            size_t overflowing = hide_size(((size_t)1 << (64 - shift)) + extra);
            size_t above = hide_size(((size_t)1 << (63 - shift)) + extra);
            expect_enomem(calloc(count, overflowing));
            expect_enomem(calloc(count, above));
            expect_enomem(reallocarray(NULL, count, overflowing));
            expect_enomem(reallocarray(NULL, above, count));
        }
    }
    expect_enomem(calloc(hide_size(SIZE_MAX), hide_size(SIZE_MAX)));
    expect_enomem(reallocarray(NULL, hide_size(SIZE_MAX), hide_size(SIZE_MAX)));
}

/* Unless it is told to promise anything (vm.overcommit_memory=1), the system refuses what it can never have. */
static void more_than_the_machine_has_is_enomem(void **state) {
    (void)state;
    char promises = '1';
    struct sysinfo machine;
    int file = open("/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0 && read(file, &promises, 1) == 1 && sysinfo(&machine) == 0);
    close(file);
    if (promises == '1') {
        skip();
    }
    size_t size = hide_size((machine.totalram + machine.totalswap) * machine.mem_unit + GIB);
    unsigned char *block = hide(malloc(3 * MIB));
    fill_pattern(block, 3 * MIB, 5);
    for (size_t times = 1; times <= 8; times *= 2) {
        expect_enomem(malloc(size * times));
        expect_enomem(calloc(times, size));
        expect_enomem(memalign(64, size * times));
        expect_enomem(realloc(hide(block), size * times));
    }
    assert_true(has_pattern(block, 3 * MIB, 5));
    free(block);
}

static void calloc_of_nothing_can_be_freed(void **state) {
    (void)state;
    static const size_t counts[][2] = {{0, 0}, {0, 1}, {1, 0}, {0, SIZE_MAX}, {SIZE_MAX, 0}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        void *block = hide(calloc(hide_size(counts[i][0]), hide_size(counts[i][1])));
        assert_non_null(block);
        free(block);
    }
}

/* Blocks of one kind of size, cleared though they held something else a moment ago. */
static void check_cleared(size_t largest, unsigned rounds) {
    uint64_t random = largest;
    unsigned char *blocks[16] = {NULL};
    for (unsigned round = 0; round < rounds; round++) {
        unsigned char **block = &blocks[random_next(&random) % 16];
        size_t size = random_next(&random) % largest + 1;
        free(*block);
        *block = round % 2 ? calloc(size, 1) : calloc(1, size);
        assert_non_null(*block);
        assert_true(is_zero(*block, size));
        memset(*block, 0xff, malloc_usable_size(*block));
    }
    for (size_t i = 0; i < 16; i++) {
        free(blocks[i]);
    }
}

static void calloc_clears_what_was_used_before(void **state) {
    (void)state;
    check_cleared(256, 20000);
    check_cleared(8 * KIB, 10000);
    check_cleared(200 * KIB, 1000);
    check_cleared(4 * MIB, 60);
}

/* ---- realloc ------------------------------------------------------------------------------------------------- */

static void realloc_of_null_is_malloc(void **state) {
    (void)state;
    void *block = hide(realloc(NULL, 100));
    void *empty = hide(realloc(NULL, 0));
    void *array = hide(reallocarray(NULL, 10, 20));
    void *nothing = hide(reallocarray(NULL, 0, 20));
    assert_true(block != NULL && empty != NULL && array != NULL && nothing != NULL);
    assert_true(malloc_usable_size(block) >= 100 && malloc_usable_size(array) >= 200);
    free(block);
    free(empty);
    free(array);
    free(nothing);
}

static void realloc_to_zero_frees_and_returns_null(void **state) {
    (void)state;
    for (size_t size = 0; size < 4 * MIB; size += size + 1) {
        errno = 21;
        assert_null(hide(realloc(hide(malloc(size)), hide_size(0))));
        assert_null(hide(reallocarray(hide(malloc(size)), hide_size(0), 8)));
        assert_null(hide(reallocarray(hide(malloc(size)), 8, hide_size(0))));
        assert_int_equal(errno, 21);
    }
}

static void realloc_keeps_what_both_sizes_share(void **state) {
    (void)state;
    uint64_t random = 23;
    size_t size = 0;
    unsigned char *block = NULL;
    for (unsigned step = 0; step < 5000; step++) {
        size_t next = random_size(&random, step % 20 ? 14 : 23) + 1;
        block = hide(realloc(block, next));
        assert_non_null(block);
        assert_true(is_aligned(block, _Alignof(max_align_t)));
        assert_true(has_pattern(block, size < next ? size : next, 4));
        fill_pattern(block, next, 4);
        size = next;
    }
    free(block);
}

static void realloc_that_fails_keeps_the_block(void **state) {
    (void)state;
    for (size_t size = 20; size < 4 * MIB; size *= 9) {
        void *block = hide(malloc(size));
        fill_pattern(block, size, 1);
        for (size_t i = 0; i < ABSURD_COUNT; i++) {
            expect_enomem(realloc(hide(block), hide_size(absurd_sizes[i])));
            expect_enomem(reallocarray(hide(block), 1, hide_size(absurd_sizes[i])));
        }
        expect_enomem(reallocarray(hide(block), hide_size(SIZE_MAX / 4), 5));
        assert_true(has_pattern(block, size, 1));
        free(block);
    }
}

static void reallocarray_multiplies(void **state) {
    (void)state;
    uint32_t *block = hide(reallocarray(NULL, 16, sizeof *block));
    for (uint32_t i = 0; i < 16; i++) {
        block[i] = i * i;
    }
    block = hide(reallocarray(block, 16000, sizeof *block));
    assert_true(malloc_usable_size(block) >= 16000 * sizeof *block);
    for (uint32_t i = 0; i < 16; i++) {
        assert_int_equal(block[i], i * i);
    }
    block = hide(reallocarray(block, 8, sizeof *block));
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(block[i], i * i);
    }
    free(block);
}

/* ---- free and usable size ------------------------------------------------------------------------------------ */

static void free_keeps_errno(void **state) {
    (void)state;
    for (size_t size = 0; size < 300 * MIB; size += size * 2 + 1) {
        void *block = hide(malloc(size));
        assert_non_null(block);
        errno = 1492;
        free(block);
        assert_int_equal(errno, 1492);
    }
    free(NULL);
    assert_int_equal(errno, 1492);
}

static void usable_size_of_null_is_zero(void **state) {
    (void)state;
    assert_int_equal(malloc_usable_size(NULL), 0);
}

static void usable_size_covers_the_request_and_stays(void **state) {
    (void)state;
    for (size_t size = 0; size < 2 * MIB; size += size / 7 + 1) {
        void *block = hide(malloc(size));
        size_t usable = malloc_usable_size(block);
        assert_true(usable >= size);
        void *neighbour = hide(malloc(size));
        assert_int_equal(malloc_usable_size(block), usable);
        memset(block, 1, usable);
        memset(neighbour, 2, malloc_usable_size(neighbour));
        assert_int_equal(usable == 0 ? 1 : ((unsigned char *)block)[usable - 1], 1);
        free(block);
        free(neighbour);
    }
}

/* ---- others' blocks ------------------------------------------------------------------------------------------ */

static void blocks_of_libc_are_ours_to_free(void **state) {
    (void)state;
    char *line = NULL;
    size_t room = 0;
    FILE *file = fopen("/proc/self/status", "re");
    assert_non_null(file);
    assert_true(getline(&line, &room, file) > 0);
    fclose(file);
    assert_true(malloc_usable_size(line) >= room);
    free(line);
    char *copy = strdup("a block that strdup took");
    assert_true(malloc_usable_size(copy) >= strlen(copy) + 1);
    free(copy);
    char *printed = NULL;
    assert_int_equal(asprintf(&printed, "%d blocks", 7), 8);
    printed = hide(realloc(printed, 100));
    assert_string_equal(printed, "7 blocks");
    free(printed);
    char *path = realpath("/proc/self/../..", NULL);
    assert_string_equal(path, "/");
    free(path);
}

static void a_memory_stream_grows_and_its_block_is_ours(void **state) {
    (void)state;
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    for (unsigned i = 0; i < 100000; i++) {
        fputs("line\n", stream);
    }
    fclose(stream);
    assert_int_equal(length, 500000);
    assert_true(malloc_usable_size(text) > length);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malloc_of_zero_is_unique_and_can_be_freed),
        cmocka_unit_test(every_size_is_aligned_and_writable_to_its_end),
        cmocka_unit_test(absurd_sizes_are_enomem),
        cmocka_unit_test(absurd_sizes_do_not_spoil_later_requests),
        cmocka_unit_test(products_above_ptrdiff_max_are_enomem),
        cmocka_unit_test(more_than_the_machine_has_is_enomem),
        cmocka_unit_test(calloc_of_nothing_can_be_freed),
        cmocka_unit_test(calloc_clears_what_was_used_before),
        cmocka_unit_test(realloc_of_null_is_malloc),
        cmocka_unit_test(realloc_to_zero_frees_and_returns_null),
        cmocka_unit_test(realloc_keeps_what_both_sizes_share),
        cmocka_unit_test(realloc_that_fails_keeps_the_block),
        cmocka_unit_test(reallocarray_multiplies),
        cmocka_unit_test(free_keeps_errno),
        cmocka_unit_test(usable_size_of_null_is_zero),
        cmocka_unit_test(usable_size_covers_the_request_and_stays),
        cmocka_unit_test(blocks_of_libc_are_ours_to_free),
        cmocka_unit_test(a_memory_stream_grows_and_its_block_is_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
