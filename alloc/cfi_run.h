/*
 * cfi_run.h: the small programs of call frame information (DWARF 5, section 6.4), which say how the rules change from
 * the start of a function on.
 */
#ifndef CN_CFI_RUN_H
#define CN_CFI_RUN_H

#include "cfi.h"
#include "cfi_read.h"

/* Of one function: its common information entry, and its own. */
struct cn_cfi_function {
    uintptr_t start;
    uintptr_t size;
    uint64_t code_alignment;
    int64_t data_alignment;
    uint64_t return_register;
    bool is_signal; /* the code that a signal handler returns to */
    struct cn_reader initial;
    struct cn_reader instructions;
};

struct cn_cfi_rule cn_cfi_run(const struct cn_cfi_function *function, uintptr_t address);

#endif
