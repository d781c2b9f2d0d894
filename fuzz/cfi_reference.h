/*
 * cfi_reference.h: a second reader of call frame information, which does what DWARF 5 says (sections 2.5 and 6.4) with
 * registers that have values: slow, plain, and of no use but to compare with.
 */
#ifndef CAIRN_FUZZ_CFI_REFERENCE_H
#define CAIRN_FUZZ_CFI_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CN_REFERENCE_FP = 6, CN_REFERENCE_SP = 7, CN_REFERENCE_PC = 16, CN_REFERENCE_REGISTERS = 17 };

struct cn_reference_bytes {
    const uint8_t *start;
    size_t count;
};

struct cn_reference_function {
    uint64_t start;
    uint64_t code_alignment;
    int64_t data_alignment;
    struct cn_reference_bytes initial;
    struct cn_reference_bytes instructions;
};

/* The stopped program. Its memory holds whatever cn_reference_word says. */
struct cn_reference_state {
    uint64_t pc;
    uint64_t sp;
    uint64_t fp;
};

enum cn_reference_place {
    CN_REFERENCE_SAME,
    CN_REFERENCE_UNDEFINED,
    CN_REFERENCE_AT,    /* in the word at `where` */
    CN_REFERENCE_OTHER, /* it has a value that is in no one place */
};

struct cn_reference_saved {
    enum cn_reference_place place;
    uint64_t where;
};

struct cn_reference_result {
    bool has_meaning;   /* else the standard does not say what it means */
    bool is_understood; /* all of it up to there was */
    bool is_plain;      /* without expressions, and not nested deeply */
    uint64_t frame_end;
    struct cn_reference_saved fp;
    struct cn_reference_saved pc;
};

struct cn_reference_result cn_reference_run(const struct cn_reference_function *function,
                                            const struct cn_reference_state *state);

uint64_t cn_reference_word(uint64_t address);

#endif
