/*
 * sample.h: the random choice of one block in so many for guarded pages (guard.h), and what the release form does with
 * such blocks: it notes where they were allocated and freed, and reports accesses that their pages stopped.
 *
 * The choice is made where a magazine is empty, so that nothing is added to the hot paths: it counts the blocks that a
 * refill brings. A thread that goes on for long with what its magazines hold is not looked at meanwhile.
 *
 * A guarded block costs some microseconds, for the system's part in it. Who asks for one in CN_SAMPLE_GENTLE_FROM or
 * fewer asks for no cost that can be measured: in the release form there is one in CN_SAMPLE_GENTLE_MILLISECONDS at
 * most then.
 */
#ifndef CN_SAMPLE_H
#define CN_SAMPLE_H

#include "guard.h"
#include "os_fault.h"
#include "trace.h"

struct cn_text;

enum { CN_SAMPLE_GENTLE_FROM = 1000, CN_SAMPLE_GENTLE_MILLISECONDS = 4 };

/* One block in so many is chosen; 0: none. Written before main alone. */
extern uint64_t cn_sample_every;

/* `seed` 0: another choice in each run. */
void cn_sample_start(uint64_t every, uint64_t seed);

/* Whether one of the next `count` blocks of the calling thread is chosen. */
bool cn_sample_is_due_slow(uint64_t count);
CN_INLINE bool cn_sample_is_due(uint64_t count) {
    return CN_UNLIKELY(cn_sample_every != 0) && cn_sample_is_due_slow(count);
}

/* ---- the release form's guarded blocks ----------------------------------------------------------------------- */

/* As cn_guard_malloc, or NULL where there was such a block just now, and cn_guard_free; `place` is where the program
 * called. */
void *cn_sample_malloc(size_t size, size_t alignment, const struct cn_registers *place);
bool cn_sample_free(void *block, const struct cn_registers *place);

/* Lines that say where the guarded block around the address was allocated and freed; nothing where there is none. */
void cn_sample_put(struct cn_text *text, const void *address);

/* Reports the fault and ends the process; returns false where it is no guarded block's. */
bool cn_sample_report_fault(const struct cn_os_fault *fault);

#endif
