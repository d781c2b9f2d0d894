/*
 * reports.h: what the tests of reports share: blocks to misuse, and words that a report must have.
 */
#ifndef CAIRN_TESTS_REPORTS_H
#define CAIRN_TESTS_REPORTS_H

#include "alloc/cairn.h"
#include "tests/child.h"

enum { SECONDS = 60 };

static inline char *block_of(size_t size) { return hide(cairn_malloc(size)); }

/* Bytes at which no canary is: it is never NUL. */
static inline void spoil(char *bytes, size_t count) { memset(hide(bytes), 0, count); }

static inline void expect_words(const struct child_end *end, const char *words) {
    if (strstr(end->text, words) == NULL) {
        fail_msg("\"%s\" is not in the report: %s", words, end->text);
    }
}

static inline size_t count_of(const char *text, const char *words) {
    size_t count = 0;
    for (const char *at = strstr(text, words); at != NULL; at = strstr(at + 1, words)) {
        count++;
    }
    return count;
}

static inline void free_twice(void *argument) {
    (void)argument;
    char *block = block_of(64);
    cairn_free(block);
    cairn_free(hide(block));
}

#endif
