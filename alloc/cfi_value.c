#include "cfi_value.h"

/* Operations of expressions. */
enum {
    OP_DEREF = 0x06,
    OP_CONST1U = 0x08,
    OP_CONST1S = 0x09,
    OP_AND = 0x1a,
    OP_MINUS = 0x1c,
    OP_PLUS = 0x22,
    OP_PLUS_UCONST = 0x23,
    OP_SHL = 0x24,
    OP_GE = 0x2a,
    OP_LIT0 = 0x30,
    OP_LIT31 = 0x4f,
    OP_BREG0 = 0x70,
    OP_BREG31 = 0x8f,
};

enum { MAX_VALUES = 8 };

struct cn_cfi_value cn_cfi_value_of_register(uint64_t number, int64_t offset) {
    enum cn_cfi_base base = number == CN_CFI_REGISTER_SP   ? CN_CFI_BASE_SP
                            : number == CN_CFI_REGISTER_FP ? CN_CFI_BASE_FP
                                                           : CN_CFI_BASE_UNKNOWN;
    return (struct cn_cfi_value){base, offset};
}

static struct cn_cfi_value dereferenced(struct cn_cfi_value value) {
    value.base = value.base == CN_CFI_BASE_SP   ? CN_CFI_BASE_AT_SP
                 : value.base == CN_CFI_BASE_FP ? CN_CFI_BASE_AT_FP
                                                : CN_CFI_BASE_UNKNOWN;
    return value;
}

/* Wraps: what an expression says may be anything. */
static int64_t add(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }

static struct cn_cfi_value sum(struct cn_cfi_value a, struct cn_cfi_value b) {
    if (a.base != CN_CFI_BASE_CONSTANT && b.base != CN_CFI_BASE_CONSTANT) {
        return (struct cn_cfi_value){CN_CFI_BASE_UNKNOWN, 0};
    }
    struct cn_cfi_value result = {a.base == CN_CFI_BASE_CONSTANT ? b.base : a.base, add(a.offset, b.offset)};
    bool is_of_word = result.base == CN_CFI_BASE_AT_SP || result.base == CN_CFI_BASE_AT_FP;
    return is_of_word ? (struct cn_cfi_value){CN_CFI_BASE_UNKNOWN, 0} : result;
}

static struct cn_cfi_value binary(unsigned operation, struct cn_cfi_value a, struct cn_cfi_value b) {
    if (operation == OP_PLUS) {
        return sum(a, b);
    }
    if (b.base != CN_CFI_BASE_CONSTANT || (a.base != CN_CFI_BASE_CONSTANT && operation != OP_MINUS)) {
        return (struct cn_cfi_value){CN_CFI_BASE_UNKNOWN, 0};
    }
    switch (operation) {
    case OP_MINUS:
        return sum(a, (struct cn_cfi_value){CN_CFI_BASE_CONSTANT, (int64_t)(0 - (uint64_t)b.offset)});
    case OP_AND:
        return (struct cn_cfi_value){CN_CFI_BASE_CONSTANT, a.offset & b.offset};
    case OP_SHL:
        return (struct cn_cfi_value){CN_CFI_BASE_CONSTANT,
                                     (int64_t)((uint64_t)a.offset << (b.offset & (CN_WORD_BITS - 1)))};
    case OP_GE:
        return (struct cn_cfi_value){CN_CFI_BASE_CONSTANT, a.offset >= b.offset};
    default:
        return (struct cn_cfi_value){CN_CFI_BASE_UNKNOWN, 0};
    }
}

/* What an operation without operands on the stack yields. */
static struct cn_cfi_value operand(unsigned operation, struct cn_reader *expression, uintptr_t address) {
    if (operation >= OP_LIT0 && operation <= OP_LIT31) {
        return (struct cn_cfi_value){CN_CFI_BASE_CONSTANT, (int64_t)operation - OP_LIT0};
    }
    if (operation == OP_CONST1U) {
        return (struct cn_cfi_value){CN_CFI_BASE_CONSTANT, cn_reader_byte(expression)};
    }
    if (operation == OP_CONST1S) {
        return (struct cn_cfi_value){CN_CFI_BASE_CONSTANT, cn_reader_signed(expression, 1)};
    }
    if (operation < OP_BREG0 || operation > OP_BREG31) {
        return (struct cn_cfi_value){CN_CFI_BASE_UNKNOWN, 0};
    }
    unsigned number = operation - OP_BREG0;
    int64_t offset = cn_reader_sleb(expression);
    return number == CN_CFI_REGISTER_PC ? (struct cn_cfi_value){CN_CFI_BASE_CONSTANT, add((int64_t)address, offset)}
                                        : cn_cfi_value_of_register(number, offset);
}

static bool is_binary(unsigned operation) {
    return operation == OP_PLUS || operation == OP_MINUS || operation == OP_AND || operation == OP_SHL ||
           operation == OP_GE;
}

struct cn_cfi_value cn_cfi_value_of_expression(struct cn_reader expression, uintptr_t address) {
    struct cn_cfi_value values[MAX_VALUES];
    size_t count = 0;
    while (expression.at < expression.end) {
        unsigned operation = cn_reader_byte(&expression);
        if (is_binary(operation) && count >= 2) {
            count--;
            values[count - 1] = binary(operation, values[count - 1], values[count]);
        } else if (operation == OP_DEREF && count >= 1) {
            values[count - 1] = dereferenced(values[count - 1]);
        } else if (operation == OP_PLUS_UCONST && count >= 1) {
            struct cn_cfi_value constant = {CN_CFI_BASE_CONSTANT, (int64_t)cn_reader_uleb(&expression)};
            values[count - 1] = sum(values[count - 1], constant);
        } else if (count < MAX_VALUES && !is_binary(operation)) {
            values[count] = operand(operation, &expression, address);
            if (values[count++].base == CN_CFI_BASE_UNKNOWN) {
                break;
            }
        } else {
            return (struct cn_cfi_value){CN_CFI_BASE_UNKNOWN, 0};
        }
    }
    bool is_whole = count != 0 && !expression.has_overrun;
    return is_whole ? values[count - 1] : (struct cn_cfi_value){CN_CFI_BASE_UNKNOWN, 0};
}
