/*
 * said.h: what the allocator writes where people or programs read it, for harnesses that look at it: it goes to a file
 * of the harness's own, which is read from its start.
 */
#ifndef CAIRN_FUZZ_SAID_H
#define CAIRN_FUZZ_SAID_H

#include <stddef.h>

enum { CN_SAID_BYTES = 1 << 20 };

/* The path of that file, for options that name one. It is made at the first call, and goes when the process ends. */
const char *cn_said_path(void);

/* What was written since the last call, which is a string of at most CN_SAID_BYTES - 1 bytes, good until the next. */
const char *cn_said_take(void);

/* Calls call(argument) with standard error going to the file. */
void cn_said_run(void (*call)(void *argument), void *argument);

/* What stands behind a noun of which there are so many. */
static inline const char *cn_said_plural(size_t count) { return count == 1 ? "" : "s"; }

#endif
