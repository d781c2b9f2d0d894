/*
 * operations.h: how many operations the inputs of this process were made of. Printed when it ends, on standard error,
 * as libFuzzer prints its own figures:
 *
 *   stat::operations: 12345
 *
 * An operation is what an input says in a few bytes: one call, or a burst of calls, or a look at all blocks. What the
 * child of a fork does is not counted.
 */
#ifndef CAIRN_FUZZ_OPERATIONS_H
#define CAIRN_FUZZ_OPERATIONS_H

#include <stddef.h>

void cn_operations_add(size_t count);

#endif
