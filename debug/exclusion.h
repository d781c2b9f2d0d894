/*
 * exclusion.h: the addresses that a scan for leaks (scan.h) passes over: Cairn's own memory, and the parts of stacks
 * that are not in use.
 */
#ifndef CN_EXCLUSION_H
#define CN_EXCLUSION_H

#include "stop.h"

enum { CN_EXCLUSION_MAX = 1 << 15 };

struct cn_excluded {
    uintptr_t start;
    uintptr_t end;
};

/* All zero at first; in any order, and they may overlap. */
struct cn_exclusion {
    size_t count; /* may go beyond the limit: then some were left out */
    struct cn_excluded ranges[CN_EXCLUSION_MAX];
};

void cn_exclusion_add(struct cn_exclusion *exclusion, uintptr_t start, uintptr_t end);

/* The reservation, and what Cairn has mapped besides. */
void cn_exclusion_add_memory_of_cairn(struct cn_exclusion *exclusion);

/* Below the stack pointers of the threads, and the stacks of threads that have ended. */
void cn_exclusion_add_stacks(struct cn_exclusion *exclusion, const struct cn_stopped *stopped);

bool cn_exclusion_is_complete(const struct cn_exclusion *exclusion);

/* The first piece of [*at, end) that is not excluded: it starts at *at then, and ends at *to. False: there is none. */
bool cn_exclusion_next(const struct cn_exclusion *exclusion, uintptr_t *at, uintptr_t end, uintptr_t *to);

#endif
