/*
 * describe_stats.h: the stats as they are printed, against those that cairn_stats_get gives.
 */
#ifndef CAIRN_FUZZ_DESCRIBE_STATS_H
#define CAIRN_FUZZ_DESCRIBE_STATS_H

#include <stddef.h>

/* Once. */
void cn_describe_stats_init(void);

/* Has them printed in one of the ways that there are, which the number says. */
void cn_describe_stats(size_t number);

#endif
