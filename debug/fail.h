/*
 * fail.h: allocations that the options single out: break_on stops one in the debugger; fail_at and fail_rate let some
 * fail, as if there were no memory, to see what the program does then.
 *
 * Which ones depends on their serial numbers, and on the seed, alone. So a run with one thread is the same again with
 * the same seed.
 */
#ifndef CN_FAIL_H
#define CN_FAIL_H

#include "live.h"

/* Whether any of the options is set; written before main alone. */
extern bool cn_fail_is_on;

/* When the options have been read. */
void cn_fail_start(void);

/* Whether the block that is about to be made is not to be; stops in the debugger first where that is wanted. */
bool cn_fail_is_due(const struct cn_birth *birth);

#endif
