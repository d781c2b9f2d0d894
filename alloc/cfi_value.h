/*
 * cfi_value.h: values in call frame information, as far as they are known without the registers.
 *
 * The linker's stubs can be told by the place in them how far the stack pointer has moved, so an expression may use the
 * address that the rule is for. All that compilers and linkers write is thus a constant, a register and a constant, or
 * the word that lies there.
 */
#ifndef CN_CFI_VALUE_H
#define CN_CFI_VALUE_H

#include "cfi_read.h"

enum cn_cfi_base {
    CN_CFI_BASE_CONSTANT,
    CN_CFI_BASE_SP,
    CN_CFI_BASE_FP,
    CN_CFI_BASE_AT_SP, /* the word at sp + offset */
    CN_CFI_BASE_AT_FP,
    CN_CFI_BASE_UNKNOWN,
};

struct cn_cfi_value {
    enum cn_cfi_base base;
    int64_t offset;
};

/* Registers by their numbers in DWARF. */
enum { CN_CFI_REGISTER_FP = 6, CN_CFI_REGISTER_SP = 7, CN_CFI_REGISTER_PC = 16 };

/* The register's value and an offset. */
struct cn_cfi_value cn_cfi_value_of_register(uint64_t number, int64_t offset);

/* What the expression yields at an address in code. */
struct cn_cfi_value cn_cfi_value_of_expression(struct cn_reader expression, uintptr_t address);

#endif
