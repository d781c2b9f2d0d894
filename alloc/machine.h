/*
 * machine.h: what walks over stacks need to know of the processor. All conditions on it are here and in machine.c.
 */
#ifndef CN_MACHINE_H
#define CN_MACHINE_H

#include <ucontext.h>

#include "bits.h"

/* Whether code need not keep a frame pointer, and says instead how to do without (cfi.h). */
#if defined(__x86_64__)
enum { CN_MACHINE_HAS_CFI = 1 };
#else
enum { CN_MACHINE_HAS_CFI = 0 };
#endif

/* For functions that read words of the stack: those may lie anywhere in the frames, between variables too, where a
 * sanitizer sees an overflow. */
#define CN_READS_STACK __attribute__((no_sanitize("address", "thread")))

/* A place in the program: of a call, what holds when it has returned. */
struct cn_registers {
    uintptr_t pc;
    uintptr_t sp;
    uintptr_t fp;
};

/* Where the calling function was called from. That must not be inlined. Both machines that Cairn knows keep a frame's
 * two words at the frame address: the caller's frame pointer, and the return address. */
CN_INLINE struct cn_registers cn_machine_here(void) {
    const uintptr_t *frame = (const uintptr_t *)__builtin_frame_address(0);
    return (struct cn_registers){
        .pc = (uintptr_t)__builtin_extract_return_addr(__builtin_return_address(0)),
        .sp = (uintptr_t)(frame + 2),
        .fp = frame[0],
    };
}

/* The place that a signal interrupted. */
struct cn_registers cn_machine_interrupted(const ucontext_t *context);

#endif
