/*
 * purge.h: which memory of free slots goes back to the system, and when.
 *
 * Free slots keep their memory up to RETAIN_MIN + 1/8 of what is in use + what the process was lately seen to
 * take again soon after it was purged ("breath", which halves every second). What is beyond is purged at once by the
 * thread whose give went beyond, from the top of the region downwards. So a peak goes back as it falls, also in a
 * process that makes no further call; and a process that breathes keeps its breath.
 *
 * An arena all of whose slots are free is decommitted as a whole when it is purged, and committed again on the next
 * take. A purge has the slots to itself, as if it had taken them.
 */
#ifndef CN_PURGE_H
#define CN_PURGE_H

#include <stdbool.h>
#include <stddef.h>

/* Of what was taken again soon after it was purged: slots here, pages within pools in heap.c. */
enum { CN_BREATH_HALF_LIFE_MS = 1000 };

/* Gives slots back (arena.h), and purges what is beyond the retention then. */
void cn_purge_give(size_t first, size_t count);

/* Purges what is beyond the retention by now, which shrinks with time. */
void cn_purge_excess(void);

/* Gives the memory of all free slots back. Returns the bytes. */
size_t cn_purge_all(void);

/* Nothing is purged from a pause to its end: what can be read stays so. False where somebody purges all the time. */
bool cn_purge_pause(void);
void cn_purge_resume(void);

/* In the child of a fork. */
void cn_purge_after_fork(void);

#endif
