/*
 * dropin_info_test.c: the rest of what the library takes over from glibc: mallopt, mallinfo, malloc_info and the like,
 * the aliases, the C23 frees, and that all names lead into one library.
 */
#define _GNU_SOURCE
#include "tests/child.h"
#include "tests/dropin.h"

/* ---- one library --------------------------------------------------------------------------------------------- */

static const char *const names[] = {
    "malloc",         "free",          "calloc",         "realloc",         "reallocarray",  "aligned_alloc",
    "posix_memalign", "memalign",      "valloc",         "pvalloc",         "malloc_trim",   "malloc_usable_size",
    "mallopt",        "mallinfo",      "mallinfo2",      "malloc_stats",    "malloc_info",   "__libc_malloc",
    "__libc_free",    "__libc_calloc", "__libc_realloc", "__libc_memalign", "__libc_valloc", "__libc_pvalloc",
};

/* The first two glibc has for old programs alone, where dlsym does not find them. */
static const char *const names_beyond_glibc[] = {"cfree", "__posix_memalign", "free_sized", "free_aligned_sized"};

static const char *library_of(const char *name) {
    Dl_info info;
    void *address = dlsym(RTLD_DEFAULT, name);
    if (address == NULL || dladdr(address, &info) == 0) {
        fail_msg("%s is not to be found", name);
    }
    return info.dli_fname;
}

static void every_name_leads_into_one_library(void **state) {
    (void)state;
    const char *library = library_of("malloc");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(library_of(names[i]), library) != 0) {
            fail_msg("%s is in %s, malloc in %s", names[i], library_of(names[i]), library);
        }
    }
}

static void names_that_glibc_lacks_are_there_too(void **state) {
    (void)state;
    if (!on_preload()) {
        skip();
    }
    for (size_t i = 0; i < sizeof names_beyond_glibc / sizeof names_beyond_glibc[0]; i++) {
        assert_string_equal(library_of(names_beyond_glibc[i]), library_of("malloc"));
    }
}

/* ---- aliases and the C23 frees ------------------------------------------------------------------------------- */

static void aliases_share_blocks_with_the_plain_names(void **state) {
    (void)state;
    void *(*take)(size_t) = (void *(*)(size_t))(uintptr_t)function_or_skip("__libc_malloc");
    void (*give)(void *) = (void (*)(void *))(uintptr_t)function_or_skip("__libc_free");
    void *(*clear)(size_t, size_t) = (void *(*)(size_t, size_t))(uintptr_t)function_or_skip("__libc_calloc");
    void *(*resize)(void *, size_t) = (void *(*)(void *, size_t))(uintptr_t)function_or_skip("__libc_realloc");
    for (size_t size = 1; size < 2 * MIB; size *= 5) {
        free(take(size));
        give(malloc(size));
        void *block = clear(3, size);
        assert_true(is_zero(block, 3 * size));
        fill_pattern(block, size, 1);
        block = hide(realloc(resize(block, size * 2), size * 3));
        assert_true(has_pattern(block, size, 1));
        give(block);
    }
    expect_enomem(take(hide_size(SIZE_MAX)));
    expect_enomem(clear(hide_size(SIZE_MAX), 2));
    expect_enomem(resize(NULL, hide_size(SIZE_MAX)));
}

static void aligned_aliases_align(void **state) {
    (void)state;
    void *(*align)(size_t, size_t) = (void *(*)(size_t, size_t))(uintptr_t)function_or_skip("__libc_memalign");
    void *(*page)(size_t) = (void *(*)(size_t))(uintptr_t)function_or_skip("__libc_valloc");
    void *(*pages)(size_t) = (void *(*)(size_t))(uintptr_t)function_or_skip("__libc_pvalloc");
    void *blocks[] = {align(256, 100), page(100), pages(100)};
    assert_true(is_aligned(blocks[0], 256) && is_aligned(blocks[1], 4096) && is_aligned(blocks[2], 4096));
    assert_true(malloc_usable_size(blocks[2]) >= 4096);
    for (size_t i = 0; i < 3; i++) {
        assert_non_null(blocks[i]);
        free(blocks[i]);
    }
    expect_enomem(align(16, hide_size(SIZE_MAX)));
    expect_enomem(page(hide_size(SIZE_MAX)));
    expect_enomem(pages(hide_size(SIZE_MAX)));
}

static void posix_alias_keeps_the_rules(void **state) {
    (void)state;
    int (*posix)(void **, size_t, size_t) =
        (int (*)(void **, size_t, size_t))(uintptr_t)function_or_skip("__posix_memalign");
    void *block = NULL;
    assert_int_equal(posix(&block, 3, 100), EINVAL);
    assert_int_equal(posix(&block, 64, hide_size(SIZE_MAX)), ENOMEM);
    assert_null(block);
    assert_int_equal(posix(&block, 512, 100), 0);
    assert_true(is_aligned(block, 512));
    free(block);
}

static void cfree_frees(void **state) {
    (void)state;
    void (*give)(void *) = (void (*)(void *))(uintptr_t)function_or_skip("cfree");
    errno = 5;
    give(hide(malloc(100)));
    give(NULL);
    assert_int_equal(errno, 5);
}

static void sized_frees_take_what_was_asked_for(void **state) {
    (void)state;
    void (*give)(void *, size_t) = (void (*)(void *, size_t))(uintptr_t)function_or_skip("free_sized");
    void (*give_aligned)(void *, size_t, size_t) =
        (void (*)(void *, size_t, size_t))(uintptr_t)function_or_skip("free_aligned_sized");
    errno = 6;
    for (size_t size = 0; size < 5 * MIB; size += size / 2 + 1) {
        give(hide(malloc(size)), size);
        give(hide(calloc(1, size)), size);
        give_aligned(hide(aligned_alloc(64, size)), 64, size);
        give_aligned(hide(aligned_alloc(8192, size)), 8192, size);
    }
    give(NULL, 3);
    give_aligned(NULL, 8, 3);
    assert_int_equal(errno, 6);
}

/* ---- settings ------------------------------------------------------------------------------------------------ */

static void mallopt_takes_any_parameter(void **state) {
    (void)state;
    assert_int_equal(mallopt(M_MXFAST, 64), 1);
    assert_int_equal(mallopt(M_TRIM_THRESHOLD, 128 * 1024), 1);
    assert_int_equal(mallopt(M_TOP_PAD, 0), 1);
    assert_int_equal(mallopt(M_MMAP_THRESHOLD, 128 * 1024), 1);
    assert_int_equal(mallopt(M_MMAP_MAX, 65536), 1);
    assert_int_equal(mallopt(M_CHECK_ACTION, 3), 1);
    assert_int_equal(mallopt(M_PERTURB, 0), 1);
    assert_int_equal(mallopt(M_ARENA_TEST, 8), 1);
    assert_int_equal(mallopt(M_ARENA_MAX, 8), 1);
    assert_int_equal(mallopt(12345, 8), 1);
}

static void malloc_works_after_every_mallopt(void **state) {
    (void)state;
    static const int parameters[] = {M_MXFAST, M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX};
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        mallopt(parameters[i], 1);
        for (size_t size = 1; size < 3 * MIB; size *= 3) {
            void *block = hide(malloc(size));
            assert_non_null(block);
            memset(block, 1, size);
            free(block);
        }
    }
    assert_int_equal(mallopt(M_MMAP_THRESHOLD, 128 * 1024), 1);
    assert_int_equal(mallopt(M_MMAP_MAX, 65536), 1);
}

static void malloc_trim_gives_a_large_peak_back(void **state) {
    (void)state;
    enum { COUNT = 2000 };
    static void *blocks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = memset(hide(malloc(40000)), 1, 40000);
    }
    size_t peak = resident_bytes();
    for (size_t i = 0; i < COUNT; i++) {
        free(blocks[i]);
    }
    int trimmed = malloc_trim(0);
    assert_true(trimmed == 0 || trimmed == 1);
    assert_true(on_debug_form() || resident_bytes() + 60 * MIB < peak); /* the debug form's quarantine keeps it */
    assert_in_range(malloc_trim(0), 0, 1);
    assert_in_range(malloc_trim(hide_size(SIZE_MAX)), 0, 1);
}

/* ---- figures ------------------------------------------------------------------------------------------------- */

static void mallinfo2_counts_what_is_in_use(void **state) {
    (void)state;
    enum { COUNT = 200 };
    void *blocks[COUNT];
    struct mallinfo2 before = mallinfo2();
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = hide(malloc(20000 + i * 1000));
    }
    struct mallinfo2 during = mallinfo2();
    size_t asked = COUNT * 20000 + COUNT * (COUNT - 1) / 2 * 1000;
    size_t grown = during.uordblks + during.hblkhd - before.uordblks - before.hblkhd;
    assert_true(grown >= asked && grown <= asked + asked / 4);
    assert_true(during.arena + during.hblkhd >= during.uordblks);
    for (size_t i = 0; i < COUNT; i++) {
        free(blocks[i]);
    }
    struct mallinfo2 after = mallinfo2();
    assert_true(after.uordblks + after.hblkhd <= before.uordblks + before.hblkhd + 64 * KIB);
}

static void mallinfo_agrees_while_it_fits(void **state) {
    (void)state;
    void *block = hide(malloc(300000));
    struct mallinfo2 wide = mallinfo2();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    struct mallinfo narrow = mallinfo();
#pragma GCC diagnostic pop
    assert_int_equal(narrow.uordblks, wide.uordblks);
    assert_int_equal(narrow.fordblks, wide.fordblks);
    assert_int_equal(narrow.hblkhd, wide.hblkhd);
    assert_int_equal(narrow.arena, wide.arena);
    free(block);
}

static void malloc_info_writes_xml(void **state) {
    (void)state;
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    assert_int_equal(malloc_info(0, stream), 0);
    fclose(stream);
    assert_true(strncmp(text, "<malloc version=\"1\">", 20) == 0);
    char *end = strstr(text, "</malloc>");
    assert_non_null(end);
    assert_string_equal(end, "</malloc>\n");
    free(text);
}

static void malloc_info_takes_no_other_options(void **state) {
    (void)state;
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    assert_int_equal(malloc_info(1, stream), EINVAL);
    assert_int_equal(malloc_info(-1, stream), EINVAL);
    fclose(stream);
    assert_int_equal(length, 0);
    free(text);
}

static void print_stats(void *argument) {
    (void)argument;
    malloc_stats();
}

static void malloc_stats_writes_to_standard_error(void **state) {
    (void)state;
    struct child_end end = run_in_child(print_stats, NULL, 10);
    expect_success(&end);
    assert_non_null(strchr(end.text, '\n'));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_leads_into_one_library),
        cmocka_unit_test(names_that_glibc_lacks_are_there_too),
        cmocka_unit_test(aliases_share_blocks_with_the_plain_names),
        cmocka_unit_test(aligned_aliases_align),
        cmocka_unit_test(posix_alias_keeps_the_rules),
        cmocka_unit_test(cfree_frees),
        cmocka_unit_test(sized_frees_take_what_was_asked_for),
        cmocka_unit_test(mallopt_takes_any_parameter),
        cmocka_unit_test(malloc_works_after_every_mallopt),
        cmocka_unit_test(malloc_trim_gives_a_large_peak_back),
        cmocka_unit_test(mallinfo2_counts_what_is_in_use),
        cmocka_unit_test(mallinfo_agrees_while_it_fits),
        cmocka_unit_test(malloc_info_writes_xml),
        cmocka_unit_test(malloc_info_takes_no_other_options),
        cmocka_unit_test(malloc_stats_writes_to_standard_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
