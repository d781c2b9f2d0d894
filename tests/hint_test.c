/*
 * hint_test.c: what a report of the debug form guesses of bytes that were written.
 */
#define _GNU_SOURCE
#include "alloc/hooks.h"
#include "alloc/options.h"
#include "tests/reports.h"

/* The first byte of its address is NUL: no character, and no canary. */
static _Alignas(256) int global_array[8];

struct hint_case {
    size_t size;
    const void *bytes;
    size_t length;
    const char *hint;
};

static void write_behind(void *argument) {
    const struct hint_case *hint = argument;
    char *block = block_of(hint->size);
    memcpy(hide(block + hint->size), hint->bytes, hint->length);
    cairn_free(block);
}

static void damage_is_guessed_at(void **state) {
    static const uint32_t element = 0x00000000;
    static const unsigned char number[] = {0x00, 0x05, 0x00}; /* a canary is never NUL: all of it shows */
    static const unsigned char zeros[100];
    void *pointer = &global_array;
    const struct hint_case cases[] = {
        {16, "", 1, "hint: a NUL one byte past the end: was the size taken from strlen, without the + 1?\n"},
        {23, "overflow", 9, "hint: the bytes look like text: \"overflow\"\n"}, /* its tail holds all of it */
        {0, "overflow", 9, "hint: the bytes look like text: \"overflow\"\n"},  /* before it are canaries */
        {40, &pointer, sizeof pointer, "looks like a pointer: it lies in the data of hint_test_debug\n"},
        {40, &element, sizeof element,
         "hint: one element of 4 bytes just past the end: an index that is one too large?\n"},
        {41, number, sizeof number, "hint: the value 1280 looks like a count, a size or an index\n"},
        {900, zeros, 64, "hint: all of the bytes are 0x0: memset, or a loop, with too large a count?\n"},
        {900, zeros, 100, "hint: all of the bytes are 0x0: memset, or a loop, with too large a count?\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hint_case one = cases[i];
        struct child_end end = run_in_child(write_behind, &one, SECONDS);
        expect_words(&end, one.hint);
    }
}

enum { LONG_BYTES = 10000 };

/* The byte at the offset is another one; none is at LONG_BYTES. */
static void write_into_freed(void *argument) {
    const size_t *other = argument;
    cn_options.protect_freed = false;
    char *block = block_of(LONG_BYTES);
    cairn_free(block);
    memset(hide(block), 7, LONG_BYTES);
    if (*other < LONG_BYTES) {
        block[*other] = 8;
    }
    cairn_check();
}

static bool is_called_filled(size_t other) {
    struct child_end end = run_in_child(write_into_freed, &other, SECONDS);
    expect_words(&end, "has 10000 bytes written after it was freed");
    return strstr(end.text, "hint: all of the bytes are 0x7") != NULL;
}

static void all_of_the_bytes_are_all(void **state) {
    (void)state;
    assert_true(is_called_filled(LONG_BYTES));
    assert_false(is_called_filled(0));
    assert_false(is_called_filled(63));
    assert_false(is_called_filled(64));
    assert_false(is_called_filled(5000));
    assert_false(is_called_filled(LONG_BYTES - 1));
}

static void free_of_another_malloc(void *argument) { cairn_free(hide(argument)); }

static void a_block_of_the_c_librarys_malloc_is_known_as_such(void **state) {
    (void)state;
    struct child_end end =
        run_in_child(free_of_another_malloc, sbrk(MIB), SECONDS); /* it lies where that has its blocks */
    expect_words(&end, "bad-free: ");
    expect_words(&end, "hint: it is of the C library's own malloc");
}

static void free_as(void *argument) {
    const enum cn_asked *ways = argument; /* how the block is taken, and how it goes back */
    const struct cn_release release = {"release", ways[1], CN_ANY_SIZE, 0};
    cn_debug_free(NULL, hide(cn_debug_malloc(NULL, 24, 16, ways[0])), &release);
}

static void a_mismatch_names_what_goes_together(void **state) {
    enum cn_asked by_free[] = {CN_ASKED_NEW_ARRAY, CN_ASKED_MALLOC};
    enum cn_asked by_delete[] = {CN_ASKED_CALLOC, CN_ASKED_NEW};
    (void)state;
    struct child_end end = run_in_child(free_as, by_free, SECONDS);
    expect_words(&end,
                 "hint: new[] goes with delete[]; if a library's own operator delete has called free, mismatch=0");
    end = run_in_child(free_as, by_delete, SECONDS);
    expect_words(&end, "hint: calloc goes with free\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damage_is_guessed_at),
        cmocka_unit_test(a_block_of_the_c_librarys_malloc_is_known_as_such),
        cmocka_unit_test(a_mismatch_names_what_goes_together),
        cmocka_unit_test(all_of_the_bytes_are_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
