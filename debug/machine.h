/*
 * machine.h: what the debug form's stacks need to know of the processor. All conditions on it are here and in machine.c.
 */
#ifndef CN_MACHINE_H
#define CN_MACHINE_H

#include <ucontext.h>

#include "alloc/bits.h"

/* Whether code need not keep a frame pointer, and says instead how to do without (cfi.h). */
#if defined(__x86_64__)
enum { CN_MACHINE_HAS_CFI = 1 };
#else
enum { CN_MACHINE_HAS_CFI = 0 };
#endif

/* A place in the program: of a call, what holds when it has returned. */
struct cn_registers {
    uintptr_t pc;
    uintptr_t sp;
    uintptr_t fp;
};

/* The place that a signal interrupted. */
struct cn_registers cn_machine_interrupted(const ucontext_t *context);

#endif
