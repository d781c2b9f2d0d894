#define _GNU_SOURCE
#include "machine.h"

#if defined(__x86_64__)
CN_READS_STACK struct cn_registers cn_machine_interrupted(const ucontext_t *context) {
    const greg_t *registers = context->uc_mcontext.gregs;
    return (struct cn_registers){
        .pc = (uintptr_t)registers[REG_RIP],
        .sp = (uintptr_t)registers[REG_RSP],
        .fp = (uintptr_t)registers[REG_RBP],
    };
}
#elif defined(__aarch64__)
enum { FRAME_POINTER = 29 };

CN_READS_STACK struct cn_registers cn_machine_interrupted(const ucontext_t *context) {
    const mcontext_t *registers = &context->uc_mcontext;
    return (struct cn_registers){.pc = registers->pc, .sp = registers->sp, .fp = registers->regs[FRAME_POINTER]};
}
#else
/* A stack of one frame, which is nowhere. */
struct cn_registers cn_machine_interrupted(const ucontext_t *context) {
    (void)context;
    return (struct cn_registers){0};
}
#endif
