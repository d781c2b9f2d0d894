/* A program that is linked with the drop-in instead of preloading it: its malloc is Cairn's. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cairn.h"

static bool is_other(void *block, size_t usable_bytes, void *wanted) {
    (void)usable_bytes;
    return block != *(void **)wanted;
}

/* Whether the block is a live one of Cairn's. */
static bool is_cairns(void *block) { return !cairn_walk(is_other, &block); }

static void a_block_of_malloc_is_cairns(void **state) {
    (void)state;
    /* volatile: the compiler knows what malloc and free do, and this asks after a block that has been freed. */
    void *volatile block = malloc(40);
    assert_non_null(block);
    assert_true(is_cairns(block));
    assert_true(cairn_usable_size(block) >= 40);
    free(block);
    assert_false(is_cairns(block));
}

static void a_block_that_the_c_library_allocates_is_cairns(void **state) {
    (void)state;
    char *copy = strdup("forty bytes would have done, but this is more");
    assert_non_null(copy);
    assert_true(is_cairns(copy));
    cairn_free(copy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_of_malloc_is_cairns),
        cmocka_unit_test(a_block_that_the_c_library_allocates_is_cairns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
