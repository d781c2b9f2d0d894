/*
 * stack.h: where the program was: the calling thread's stack as one number, an id of the depot (depot.h).
 *
 * Taken at each malloc and free, so it must be fast. Each thread remembers its last walks by where they began: the
 * words of the stack that such a walk read, and what came of it. While these words are what they were the walk would
 * find the same, and need not be done (stack.c).
 *
 * K1  A capture reads no memory that it does not know to be readable (unwind.h), takes no lock, and allocates from the
 *     system alone: it may be called from anywhere, from a signal handler and within dlopen as well.
 */
#ifndef CN_STACK_H
#define CN_STACK_H

#include "alloc/unwind.h"

/* Where a capture begins. */
struct cn_stack_start {
    struct cn_registers registers;
};

/* Where the calling function was called from. That must not be inlined. */
CN_INLINE struct cn_stack_start cn_stack_here(void) { return (struct cn_stack_start){cn_machine_here()}; }

/* How many frames a stack has at most from now on: 0 to CN_FRAME_MAX_DEPTH; 0 means that none are taken. */
void cn_stack_set_depth(size_t depth);

/* The stack from `start` outwards, the place of `start` first. An id of the depot: CN_DEPOT_NONE where
 * none are taken, CN_DEPOT_FULL where there is no more room. errno stays as it was. */
uint32_t cn_stack_capture(const struct cn_stack_start *start);

/* As above, of the code that a signal interrupted; `context` is the ucontext_t that the handler was given. The first
 * frame is the interrupted instruction itself. */
uint32_t cn_stack_capture_interrupted(const void *context);

/* The thread ends: gives its memory to others. What it captures after that it does without. */
void cn_stack_thread_ends(void);

/* Calls `visit` for the memory of each thread that there ever was: it holds words of stacks. */
void cn_stack_visit_memory(void (*visit)(void *argument, uintptr_t start, uintptr_t end), void *argument);

/* In the child of a fork: the same for the threads that are not there. */
void cn_stack_after_fork(void);

#endif
