/*
 * stop.h: stands all other threads of the process still while something is done, and tells what their registers hold.
 *
 * A helper process that shares all memory attaches to each thread as a debugger does (a thread cannot attach to its own
 * process), does the work itself, and lets them go by ending. The calling thread waits meanwhile. A system call that
 * another thread is in may end early with EINTR, as under a debugger.
 */
#ifndef CN_STOP_H
#define CN_STOP_H

#include "alloc/bits.h"

enum { CN_STOP_WORDS = 128 }; /* registers, the floating-point ones included */

struct cn_stopped_thread {
    unsigned number; /* the system's */
    uintptr_t stack_pointer;
    size_t words;
    uintptr_t registers[CN_STOP_WORDS];
};

struct cn_stopped {
    uintptr_t stack_pointer;                 /* of the calling thread; its registers lie above */
    const struct cn_stopped_thread *threads; /* the others */
    size_t count;
    const char *own_memory; /* the helper's: nothing of the program's */
    size_t own_bytes;
};

/* Calls `work` while all other threads stand still. It must take no lock, since they may hold any, and has errno to
 * itself. False where they cannot be stopped, as in a debugger or where the system forbids it: `work` was not
 * called. */
typedef void cn_stop_fn(const struct cn_stopped *stopped, void *argument);
bool cn_stop_others(cn_stop_fn *work, void *argument);

/* Calls `work` with the calling thread alone, while the others go on. */
void cn_stop_nobody(cn_stop_fn *work, void *argument);

/* The numbers of the process's threads, up to `room`; returns how many there are. 0 where they cannot be read. */
size_t cn_stop_list_threads(unsigned process, unsigned *numbers, size_t room);

#endif
