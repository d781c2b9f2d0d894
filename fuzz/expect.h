/*
 * expect.h: how a harness says that something does not hold: one line on standard error, and SIGABRT, which every
 * fuzzer takes for a find.
 */
#ifndef CAIRN_FUZZ_EXPECT_H
#define CAIRN_FUZZ_EXPECT_H

#include <stdio.h>
#include <stdlib.h>

/* `promise` says in words what was to be; it is the line that a find is known by. */
#define CN_EXPECT(condition, promise)                                                                                  \
    ((condition) ? (void)0 : cn_expect_failed(promise, #condition, __FILE__, __LINE__))

/* A function of the oracle's whose loops are no news to a fuzzer: it does not count what they do, which is slow. */
#if defined(__clang__)
#define CN_UNWATCHED __attribute__((noinline, unused, no_sanitize("coverage")))
#else
#define CN_UNWATCHED __attribute__((noinline, unused))
#endif

static inline void cn_expect_failed(const char *promise, const char *condition, const char *file, int line) {
    fprintf(stderr, "%s:%d: %s: not so: %s\n", file, line, promise, condition);
    abort();
}

#endif
