/*
 * duty.h: what a thread has taken on, and must not leave undone where a report ends the process and a handler of SIGABRT jumps out
 * of that: locks, claims, counts. Such a thread begins a duty before it may report, and ends it afterwards.
 *
 * Duties of a thread are a stack. They lie on the thread's own, in the frames of those that began them.
 */
#ifndef CN_DUTY_H
#define CN_DUTY_H

#include "alloc/bits.h"

struct cn_duty {
    void (*let_go)(void *argument);
    void *argument;
    struct cn_duty *outer;
};

extern _Thread_local struct cn_duty *cn_duty_mine CN_TLS;

/* `let_go(argument)` is called should the thread never come to the end. */
CN_INLINE void cn_duty_begin(struct cn_duty *duty, void (*let_go)(void *argument), void *argument) {
    *duty = (struct cn_duty){let_go, argument, cn_duty_mine};
    cn_duty_mine = duty;
}

/* The last that was begun. */
CN_INLINE void cn_duty_end(const struct cn_duty *duty) { cn_duty_mine = duty->outer; }

/* All of the thread, the last first. */
void cn_duty_let_go(void);

#endif
