/*
 * stack.h: where the program was.
 */
#ifndef CN_STACK_H
#define CN_STACK_H

#include "alloc/bits.h"

struct cn_stack_start {
    uintptr_t pc;
};

CN_INLINE struct cn_stack_start cn_stack_here(void) {
    return (struct cn_stack_start){(uintptr_t)__builtin_return_address(0)};
}

CN_INLINE uint32_t cn_stack_capture(const struct cn_stack_start *start) { return start->pc == 0; }

#endif
