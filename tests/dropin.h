/*
 * dropin.h: what the tests of the C library's allocation functions share. They are the same programs on plain glibc,
 * under the preload, and linked with the library: what glibc 2.36 does is what they expect, and a run on plain glibc
 * shows that the expectation is right. Where Cairn promises more, or something else, the test asks on_cairn().
 */
#ifndef CAIRN_TESTS_DROPIN_H
#define CAIRN_TESTS_DROPIN_H

#include <dlfcn.h>
#include <malloc.h>

#include "tests/support.h"

/* Absent on plain glibc, there by preload and where the library is linked. */
extern const char *cairn_version(void) __attribute__((weak));

static inline const char *version_or_null(void) {
    const char *(*version)(void) = cairn_version;
    if (version == NULL) {
        void *address = dlsym(RTLD_DEFAULT, "cairn_version");
        memcpy(&version, &address, sizeof version);
    }
    return version != NULL ? version() : NULL;
}

static inline bool on_cairn(void) { return version_or_null() != NULL; }

static inline bool on_debug_form(void) { return on_cairn() && strstr(version_or_null(), "debug") != NULL; }

/* Sizes that no allocator may serve: each is above PTRDIFF_MAX, or so near to it that no address space holds it. */
static const size_t absurd_sizes[] = {
    (size_t)PTRDIFF_MAX - 65535,
    (size_t)PTRDIFF_MAX - 4095,
    (size_t)PTRDIFF_MAX - 32,
    (size_t)PTRDIFF_MAX,
    (size_t)PTRDIFF_MAX + 1,
    (size_t)PTRDIFF_MAX + 4096,
    SIZE_MAX / 2 + 65536,
    SIZE_MAX - 65536,
    SIZE_MAX - 16384,
    SIZE_MAX - 4096,
    SIZE_MAX - 4095,
    SIZE_MAX - 64,
    SIZE_MAX - 32,
    SIZE_MAX - 31,
    SIZE_MAX - 16,
    SIZE_MAX - 15,
    SIZE_MAX - 8,
    SIZE_MAX - 1,
    SIZE_MAX,
};
enum { ABSURD_COUNT = sizeof absurd_sizes / sizeof absurd_sizes[0] };

static inline void expect_enomem(void *block) {
    int error = errno;
    assert_null(block);
    assert_int_equal(error, ENOMEM);
    errno = 0;
}

/* Whether the library's names can be found: not where it is linked in and the program exports none of them. */
static inline bool on_preload(void) { return dlsym(RTLD_DEFAULT, "cairn_version") != NULL; }

/* A function by its name in the running program; skips the test where only the preloaded library has it. */
static inline void *function_or_skip(const char *name) {
    void *function = dlsym(RTLD_DEFAULT, name);
    if (function == NULL && !on_preload()) {
        skip();
    }
    assert_non_null(function);
    return function;
}

#endif
