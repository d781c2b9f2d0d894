/*
 * unowned.h: memory that nobody has. Slots that were never used, and those whose memory went back to the system, are
 * zero, as is what a pool has yet to hand out (fresh.h); a wild write makes a page resident that is not.
 *
 * Slots that still hold what they held (arena.h: dirty) are not looked at: nobody knows what that was.
 */
#ifndef CN_UNOWNED_H
#define CN_UNOWNED_H

#include "report.h"

/* Reports what is not zero of [from, to), which a pool has yet to hand out, and makes it zero; but the freed fill, which
 * it has for a moment before it is. */
void cn_unowned_check_bytes(const char *from, const char *to, const struct cn_look *look);

/* The same, reading all: in malloc and free the system is not asked what is in memory, as it may end the process for that
 * (os.h). */
void cn_unowned_check_unasked(const char *from, const char *to, const struct cn_look *look);

/* Reports what was written into such slots, once, and makes it zero again. Purging must be paused (purge.h). While a run is
 * looked at it is nobody else's to take. */
void cn_unowned_check(const struct cn_look *look);

#endif
