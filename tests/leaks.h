/*
 * leaks.h: what the tests of leaks share: blocks that are lost, with nothing left of their addresses on the stack.
 */
#ifndef CAIRN_TESTS_LEAKS_H
#define CAIRN_TESTS_LEAKS_H

#include "alloc/cairn.h"
#include "tests/child.h"

enum { SECONDS = 60, SIZE = 100 };

#define CAIRN_OWN_FRAME __attribute__((noinline, unused)) static

CAIRN_OWN_FRAME char *block_of(size_t size) {
    char *block = cairn_malloc(size);
    MUST(block != NULL);
    memset(hide(block), 0, size);
    return hide(block);
}

/* Frames of calls that are over lie below the stack pointer; registers may still hold what they did. */
CAIRN_OWN_FRAME void forget(void) {
    char frame[8192];
    memset(hide(frame), 0, sizeof frame);
    __asm__ volatile("" : : : "memory", "rbx", "r12", "r13", "r14", "r15");
}

/* Calls whose frames are on the stack: they are not their last deed. */
#define STAY() __asm__ volatile("" : : : "memory")

CAIRN_OWN_FRAME void lose(size_t size) {
    (void)block_of(size);
    STAY();
}

CAIRN_OWN_FRAME void lose_elsewhere(size_t size) {
    memset(block_of(size), 'x', size); /* else it would be the same function */
    STAY();
}

/* Overwrites the dead frames before it makes one of its own among them. */
#define EXPECT_LOST(blocks) (forget(), expect_lost(blocks))

CAIRN_OWN_FRAME void expect_lost(size_t blocks) {
    size_t lost = cairn_leaks();
    if (lost != blocks) {
        fprintf(stderr, "%zu blocks are lost, not %zu\n", lost, blocks);
        _exit(1);
    }
}

static inline struct child_end expect_well(void (*run)(void *), void *argument) {
    struct child_end end = run_in_child(run, argument, SECONDS);
    expect_success(&end);
    return end;
}

static inline void expect_words(const struct child_end *end, const char *words) {
    if (strstr(end->text, words) == NULL) {
        fail_msg("\"%s\" is not in the report: %s", words, end->text);
    }
}

#endif
