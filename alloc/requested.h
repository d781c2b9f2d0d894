/*
 * requested.h: how many bytes were asked for, as against handed out. Counted only where the stats option wants it: a
 * table says for each block how much of it was not asked for. It lies beside the region's other tables.
 */
#ifndef CN_REQUESTED_H
#define CN_REQUESTED_H

#include "region.h"

/* From now on every request is counted; blocks that are there already count in full. Before there is a second thread. */
void cn_requested_enable(void);

/* Whether requests are counted. */
bool cn_requested_is_on(void);

/* Notes that `size` bytes were asked for of the block of `bytes` bytes that starts at the granule. Nothing where requests
 * are not counted. */
void cn_requested_note(size_t granule, size_t bytes, size_t size);

/* The bytes that were asked for of the block of `bytes` bytes at the granule. */
size_t cn_requested_of(size_t granule, size_t bytes);

#endif
