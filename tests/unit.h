/*
 * unit.h: what the tests of single modules share: a broken invariant is expected of a child, by its name.
 */
#ifndef CAIRN_TESTS_UNIT_H
#define CAIRN_TESTS_UNIT_H

#include "tests/child.h"

/* `run`, in a child, must abort in a report of the invariant `name`, such as "P1". */
static inline void expect_invariant(void (*run)(void *), void *argument, const char *name) {
    char words[64];
    (void)snprintf(words, sizeof words, "cairn: ERROR: broken-invariant: %s: ", name);
    struct child_end end = run_in_child(run, argument, 20);
    expect_abort(&end, words);
}

/* `run`, in a child with a heap of its own making, must return. */
static inline void expect_return(void (*run)(void *), void *argument) {
    struct child_end end = run_in_child(run, argument, 120);
    expect_success(&end);
}

#endif
