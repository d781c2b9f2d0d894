/*
 * steps.h: what a program may do with the tiny core, step by step, and what it knows meanwhile.
 *
 * A step that is not possible, as a free where nothing is live, says so and does nothing. One that is wrong, which the core
 * must report, ends the program: it is over then. Two threads are two heaps that this thread uses in turn.
 */
#ifndef CAIRN_FUZZ_TINY_STEPS_H
#define CAIRN_FUZZ_TINY_STEPS_H

#include <stddef.h>

enum cn_outcome { CN_DONE, CN_IMPOSSIBLE, CN_OVER };

struct cn_step {
    const char *name;
    enum cn_outcome (*run)(void);
};

/* Steps that go together. */
struct cn_menu {
    const char *name;
    const struct cn_step *steps;
    size_t count;
};

enum { CN_MENUS = 4, CN_STEPS_MAX = 16 /* of one program */ };
extern const struct cn_menu cn_menus[CN_MENUS];

/* A program at its beginning. */
void cn_steps_begin(void);

/* Aborts where an invariant does not hold, or the live blocks are not those of the program: where they were, as large,
 * holding what was written, apart from each other, and shown by the walk, with no others. */
void cn_steps_check(void);

#endif
