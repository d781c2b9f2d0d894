/*
 * stats.h: how much memory is where. Everything but the high-water marks is counted when it is asked for, by a walk
 * over the tables (walk.h), so that nothing is counted on the way.
 */
#ifndef CN_STATS_H
#define CN_STATS_H

/* Prepares for it, while standard error is there. */
void cn_stats_at_start(void);

/* Prints what the options ask for, at the end of the process. */
void cn_stats_at_exit(void);

#endif
