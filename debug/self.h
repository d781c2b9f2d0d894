/*
 * self.h: what the debug form keeps for each thread: its number, and its part of the quarantine.
 *
 *   free --a thread's first call--> taken --its TLS destructor--> free
 *
 * What a thread does after that, in other destructors, it does without one. They are never unmapped. In the child of a fork
 * those of other threads are given back.
 */
#ifndef CN_SELF_H
#define CN_SELF_H

#include <stdatomic.h>

#include "alloc/bits.h"

struct cn_chunk; /* quarantine.h */

struct cn_self {
    struct cn_self *next; /* of all; never changes */
    _Atomic bool is_taken;
    uintptr_t control; /* the address of the thread's control block, at its stack's upper end; 0: the main thread's */
    unsigned number;   /* threads count from 1, the main thread */
    struct cn_chunk *chunk;
};

extern _Thread_local struct cn_self *cn_self_mine CN_TLS;

/* The calling thread's; NULL where there is no memory for it, or the thread ends. Starts the process's heap. */
struct cn_self *cn_self_make(void);
CN_INLINE struct cn_self *cn_self(void) {
    struct cn_self *self = cn_self_mine;
    return CN_LIKELY(self != NULL) ? self : cn_self_make();
}

/* The calling thread's number, also when it ends; 0: it has none. */
unsigned cn_self_number(void);

/* How many are taken, about. */
unsigned cn_self_count(void);

/* The number of the thread on whose stack the address may lie: the control block of each is at its stack's upper
 * end, and `end` is that of the mapping around the address. 0: of none. */
unsigned cn_self_find_by_stack(uintptr_t address, uintptr_t end);

/* Calls `visit` for each that there ever was, whether it is taken or free. */
void cn_self_visit(void (*visit)(const struct cn_self *self, void *argument), void *argument);

/* Called at the first call and at the end of a thread; defined in lifecycle.c. */
void cn_self_begins(struct cn_self *self);
void cn_self_ends(struct cn_self *self);

/* In the child of a fork: gives back what the other threads had, after `visit` has seen each. */
void cn_self_after_fork(void (*visit)(struct cn_self *self));

#endif
