/*
 * machine.h: what walks over stacks, and calls of the system, need to know of the processor. All conditions on it are here
 * and in machine.c.
 */
#ifndef CN_MACHINE_H
#define CN_MACHINE_H

#include <errno.h>
#include <ucontext.h>
#include <unistd.h>

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

/* A call of the system, past the C library, whose `syscall` and `getpid` a library that was preloaded may have replaced:
 * uid_wrapper, torsocks and libfaketime begin with their work when these are first called, and ask malloc for memory.
 * Returns what the kernel does: an error as the negative errno. */
CN_INLINE intptr_t cn_machine_call(long number, uintptr_t first, uintptr_t second, uintptr_t third, uintptr_t fourth) {
#if defined(__x86_64__)
    register uintptr_t r10 __asm__("r10") = fourth;
    intptr_t result = number;
    __asm__ volatile("syscall" : "+a"(result) : "D"(first), "S"(second), "d"(third), "r"(r10) : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register uintptr_t x8 __asm__("x8") = (uintptr_t)number;
    register uintptr_t x0 __asm__("x0") = first;
    register uintptr_t x1 __asm__("x1") = second;
    register uintptr_t x2 __asm__("x2") = third;
    register uintptr_t x3 __asm__("x3") = fourth;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return (intptr_t)x0;
#else
    int saved = errno;
    long result = syscall(number, first, second, third, fourth);
    int error = errno;
    errno = saved;
    return result < 0 ? -error : result;
#endif
}

/* The place that a signal interrupted. */
struct cn_registers cn_machine_interrupted(const ucontext_t *context);

#endif
