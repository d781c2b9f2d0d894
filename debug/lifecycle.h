/*
 * lifecycle.h: the debug form at the process's start, after a fork, and at its end. What the core calls of it is in
 * alloc/hooks.h.
 */
#ifndef CN_LIFECYCLE_H
#define CN_LIFECYCLE_H

#include <stdint.h>

/* The process is about to end: looks at all blocks, where the options ask for it. `how` it ends stands in reports, with the
 * calls that led to it; 0: none did. */
void cn_lifecycle_last_look(const char *how, uint32_t stack);

#endif
