/*
 * options.h: what can be set from outside: CAIRN_OPTIONS=key=value:key=value in the environment.
 *
 * Read once, when the library is loaded, without allocating; until then the defaults hold. An unknown key, a bad value,
 * and an option of the debug form in the release form each get one line on standard error, and the default holds. A
 * program that runs with more rights than its caller ignores the variable.
 *
 * A colon ends a value, but for the one in `guard=serial:N` and `guard=site:HASH`.
 */
#ifndef CN_OPTIONS_H
#define CN_OPTIONS_H

#include "options_table.h"

/* Reads the environment. */
void cn_options_read(void);

/* Sets `options` from `text`, as it would stand in the environment. Returns how many entries were refused. */
unsigned cn_options_parse(struct cn_options *options, const char *text);

#endif
