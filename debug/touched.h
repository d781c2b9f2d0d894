/*
 * touched.h: which pages of the process's memory were ever written or read, so that a search does not read others: that would
 * make them resident, and can take minutes of huge mappings that are hardly used.
 *
 * One thread at a time, the one that looks for leaks. Nothing here allocates or takes a lock.
 */
#ifndef CN_TOUCHED_H
#define CN_TOUCHED_H

#include "alloc/bits.h"

/* Where the system tells nothing, all pages count as touched. */
void cn_touched_begin(void);
void cn_touched_end(void);

/* The first piece of [*at, end) that was touched: it starts at *at then, and ends at *to. False: there is none. Shared memory is
 * also touched where others have; of that what was swapped out counts as not touched. */
bool cn_touched_next(uintptr_t *at, uintptr_t end, bool is_shared, uintptr_t *to);

#endif
