/*
 * duty.h: what a thread has taken on, and must not leave undone where a report ends the process and a handler of SIGABRT jumps out
 * of that: locks, claims, counts. Such a thread begins a duty before it may report, and ends it afterwards.
 *
 * Duties of a thread are a stack, apart from that of its calls: they outlive any other jump, too.
 */
#ifndef CN_DUTY_H
#define CN_DUTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is to be done, with the two things that the duty was begun with. */
typedef void cn_duty_fn(void *subject, uint64_t mask);

/* `let_go(subject, mask)` is called should the thread report and never come to the end. Returns the duty's number. */
size_t cn_duty_begin(cn_duty_fn *let_go, void *subject, uint64_t mask);

/* The last that was begun. False where it was let go of meanwhile: a signal's handler has come in between, whose report ended the
 * process, and jumped back into itself. */
bool cn_duty_end(size_t number);

/* For the duty to give a struct cn_lock. */
void cn_duty_give_lock(void *lock, uint64_t mask);

/* All of the thread, the last first. */
void cn_duty_let_go(void);

#endif
