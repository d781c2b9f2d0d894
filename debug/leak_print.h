/*
 * leak_print.h: leaks in words, or as JSON: a report for each group, and a line that sums up.
 */
#ifndef CN_LEAK_PRINT_H
#define CN_LEAK_PRINT_H

#include "leak_group.h"

/* Prints sorted groups to where reports go; nothing where there is none. The caller holds the report's lock. */
void cn_leak_print(const struct cn_leak_groups *groups);

#endif
