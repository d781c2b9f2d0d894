/*
 * say.h: the test programs of this folder print what went wrong without allocating, and end with 1.
 */
#ifndef CAIRN_TESTS_HAZARDS_SAY_H
#define CAIRN_TESTS_HAZARDS_SAY_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static inline void say(const char *words) {
    if (write(STDERR_FILENO, words, strlen(words)) < 0) {
        _exit(2);
    }
}

static inline void require(bool holds, const char *words) {
    if (!holds) {
        say(words);
        say("\n");
        _exit(1);
    }
}

/* The same pointer, of which the compiler knows nothing: it cannot drop the call that gave it. */
static inline void *hide(void *block) {
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

#endif
