/*
 * leak.h: says which blocks the program has lost: live ones that nothing points to (scan.h), by where they were
 * allocated, the largest first.
 */
#ifndef CN_LEAK_H
#define CN_LEAK_H

#include "alloc/bits.h"

/* Looks, reports, and returns how many blocks are lost, those aside that a suppression is for. */
size_t cn_leak_report(void);

/* What the option leaks=1 asks for, when the process ends by exit: where there are leaks, it ends with the status
 * leaks_exitcode, unless that is 0. `start` is called before main. */
void cn_leak_start(void);
void cn_leak_at_exit(void);

/* In the child of a fork. */
void cn_leak_after_fork(void);

#endif
