#include "fuzz/cfi_reference.h"

#include <string.h>

enum { STACK_MAX = 8, REMEMBERED_MAX = 8, NO_REGISTER = 0xFF };

struct bytes {
    const uint8_t *at;
    const uint8_t *end;
    bool is_good; /* nothing was read beyond its end */
};

/* How a value is found. */
enum way { WAY_SAME, WAY_UNDEFINED, WAY_OFFSET, WAY_EXPRESSION, WAY_OTHER };

struct rule {
    enum way way;
    int64_t offset; /* from the frame's end */
    struct bytes expression;
};

struct row {
    unsigned frame_register; /* NO_REGISTER: by the expression */
    int64_t frame_offset;
    struct bytes frame_expression;
    bool has_frame;
    struct rule rules[CN_REFERENCE_REGISTERS];
};

struct run {
    const struct cn_reference_function *function;
    const struct cn_reference_state *state;
    uint64_t location;
    bool is_understood;
    bool is_plain;
    bool has_meaning;
    struct row row;
    struct row initial;
    struct row remembered[REMEMBERED_MAX];
    size_t remembered_count;
};

/* ---- bytes --------------------------------------------------------------------------------------------------- */

static struct bytes bytes_of(const uint8_t *start, size_t count) { return (struct bytes){start, start + count, true}; }

static uint8_t take_byte(struct bytes *bytes) {
    bytes->is_good = bytes->is_good && bytes->at < bytes->end;
    return bytes->is_good ? *bytes->at++ : (uint8_t)0;
}

static uint64_t take_fixed(struct bytes *bytes, unsigned count) {
    uint64_t value = 0;
    for (unsigned i = 0; i < count; i++) {
        value |= (uint64_t)take_byte(bytes) << 8 * i;
    }
    return value;
}

/* LEB128, of 64 bits; what is beyond is dropped. */
static uint64_t take_leb(struct bytes *bytes, bool is_signed) {
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte = 0x80;
    while ((byte & 0x80) != 0) {
        byte = take_byte(bytes);
        value |= shift < 64 ? (uint64_t)(byte & 0x7f) << shift : 0;
        shift += 7;
    }
    bool is_negative = is_signed && (byte & 0x40) != 0 && shift < 64;
    return is_negative ? value | UINT64_MAX << shift : value;
}

static uint64_t take_unsigned(struct bytes *bytes) { return take_leb(bytes, false); }
static int64_t take_signed(struct bytes *bytes) { return (int64_t)take_leb(bytes, true); }

static struct bytes take_block(struct bytes *bytes) {
    uint64_t count = take_unsigned(bytes);
    if (count > (uint64_t)(bytes->end - bytes->at)) {
        bytes->is_good = false;
        return *bytes;
    }
    struct bytes block = bytes_of(bytes->at, count);
    bytes->at += count;
    return block;
}

/* Products wrap, as those of a machine do. */
static int64_t times(uint64_t factor, int64_t alignment) { return (int64_t)(factor * (uint64_t)alignment); }

/* ---- expressions --------------------------------------------------------------------------------------------- */

uint64_t cn_reference_word(uint64_t address) {
    uint64_t mixed = (address ^ address >> 31) * UINT64_C(0x9e3779b97f4a7c15);
    return mixed ^ mixed >> 29;
}

static bool register_value(const struct cn_reference_state *state, unsigned number, uint64_t *value) {
    *value = number == CN_REFERENCE_FP ? state->fp : number == CN_REFERENCE_SP ? state->sp : state->pc;
    return number == CN_REFERENCE_FP || number == CN_REFERENCE_SP || number == CN_REFERENCE_PC;
}

static uint64_t combine(uint8_t operation, uint64_t a, uint64_t b) {
    switch (operation) {
    case 0x1a: /* and */
        return a & b;
    case 0x1c: /* minus */
        return a - b;
    case 0x22: /* plus */
        return a + b;
    case 0x24: /* shl */
        return a << (b & 63);
    default: /* ge */
        return (int64_t)a >= (int64_t)b ? 1 : 0;
    }
}

static bool is_binary(uint8_t operation) { return operation != 0 && strchr("\x1a\x1c\x22\x24\x2a", operation) != NULL; }

/* Pushes; false where the operation is none that does so. */
static bool operand(const struct run *run, uint8_t operation, struct bytes *bytes, uint64_t *value) {
    if (operation >= 0x30 && operation <= 0x4f) {
        *value = operation - 0x30U;
        return true;
    }
    if (operation == 0x08 || operation == 0x09) {
        uint8_t byte = take_byte(bytes);
        *value = operation == 0x08 ? byte : (uint64_t)(int64_t)(int8_t)byte;
        return true;
    }
    if (operation >= 0x70 && operation <= 0x8f && register_value(run->state, operation - 0x70U, value)) {
        *value += (uint64_t)take_signed(bytes);
        return true;
    }
    return false;
}

/* False where it is not understood. */
static bool evaluate(const struct run *run, struct bytes bytes, uint64_t *result) {
    uint64_t stack[STACK_MAX];
    size_t count = 0;
    while (bytes.is_good && bytes.at < bytes.end) {
        uint8_t operation = take_byte(&bytes);
        if (is_binary(operation) && count >= 2) {
            count--;
            stack[count - 1] = combine(operation, stack[count - 1], stack[count]);
        } else if (operation == 0x06 && count >= 1) {
            stack[count - 1] = cn_reference_word(stack[count - 1]);
        } else if (operation == 0x23 && count >= 1) {
            stack[count - 1] += take_unsigned(&bytes);
        } else if (count == STACK_MAX || !operand(run, operation, &bytes, &stack[count++])) {
            return false;
        }
    }
    *result = count > 0 ? stack[count - 1] : 0;
    return count > 0 && bytes.is_good;
}

/* ---- instructions -------------------------------------------------------------------------------------------- */

static void set(struct run *run, uint64_t number, struct rule rule) {
    if (number < CN_REFERENCE_REGISTERS) {
        run->row.rules[number] = rule;
    }
}

static void set_offset(struct run *run, uint64_t number, uint64_t factor) {
    set(run, number, (struct rule){.way = WAY_OFFSET, .offset = times(factor, run->function->data_alignment)});
}

static void restore(struct run *run, uint64_t number) {
    if (number < CN_REFERENCE_REGISTERS) {
        run->row.rules[number] = run->initial.rules[number];
    }
}

static void set_frame(struct run *run, uint64_t number, int64_t offset) {
    run->row.frame_register = number < CN_REFERENCE_REGISTERS ? (unsigned)number : NO_REGISTER - 1;
    run->row.frame_offset = offset;
    run->row.has_frame = true;
}

/* Of an expression there is no offset that could be changed. */
static void expect_register(struct run *run) {
    run->has_meaning = run->has_meaning && run->row.has_frame && run->row.frame_register != NO_REGISTER;
}

static void remember(struct run *run) {
    if (run->remembered_count == REMEMBERED_MAX) {
        run->is_understood = false;
        return;
    }
    run->remembered[run->remembered_count++] = run->row;
}

static void recall(struct run *run) {
    if (run->remembered_count == 0) {
        run->is_understood = false;
        return;
    }
    run->row = run->remembered[--run->remembered_count];
}

static void define_frame(struct run *run, uint8_t code, struct bytes *bytes) {
    int64_t unit = run->function->data_alignment;
    uint64_t number = code == 0x0c || code == 0x0d || code == 0x12 ? take_unsigned(bytes) : run->row.frame_register;
    switch (code) {
    case 0x0c: /* def_cfa */
        set_frame(run, number, (int64_t)take_unsigned(bytes));
        break;
    case 0x12: /* def_cfa_sf */
        set_frame(run, number, times((uint64_t)take_signed(bytes), unit));
        break;
    case 0x0d: /* def_cfa_register */
        expect_register(run);
        set_frame(run, number, run->row.frame_offset);
        break;
    case 0x0e: /* def_cfa_offset */
        expect_register(run);
        run->row.frame_offset = (int64_t)take_unsigned(bytes);
        break;
    case 0x13: /* def_cfa_offset_sf */
        expect_register(run);
        run->row.frame_offset = times((uint64_t)take_signed(bytes), unit);
        break;
    default: /* def_cfa_expression */
        run->row.frame_register = NO_REGISTER;
        run->row.frame_expression = take_block(bytes);
        run->row.has_frame = true;
    }
}

static void define_register(struct run *run, uint8_t code, struct bytes *bytes) {
    uint64_t number = take_unsigned(bytes);
    switch (code) {
    case 0x05: /* offset_extended */
        set_offset(run, number, take_unsigned(bytes));
        break;
    case 0x11: /* offset_extended_sf */
        set_offset(run, number, (uint64_t)take_signed(bytes));
        break;
    case 0x06: /* restore_extended */
        restore(run, number);
        break;
    case 0x07: /* undefined */
        set(run, number, (struct rule){.way = WAY_UNDEFINED});
        break;
    case 0x08: /* same_value */
        set(run, number, (struct rule){.way = WAY_SAME});
        break;
    case 0x10: /* expression */
        set(run, number, (struct rule){.way = WAY_EXPRESSION, .expression = take_block(bytes)});
        break;
    case 0x16: /* val_expression */
        (void)take_block(bytes);
        set(run, number, (struct rule){.way = WAY_OTHER});
        break;
    default: /* register, val_offset, val_offset_sf */
        (void)take_unsigned(bytes);
        set(run, number, (struct rule){.way = WAY_OTHER});
    }
}

static void execute_plain(struct run *run, uint8_t code, struct bytes *bytes) {
    static const uint8_t widths[] = {[2] = 1, [3] = 2, [4] = 4};
    if (code >= 2 && code <= 4) { /* advance_loc1, 2, 4 */
        run->location += take_fixed(bytes, widths[code]) * run->function->code_alignment;
    } else if (code == 0x0a) {
        remember(run);
    } else if (code == 0x0b) {
        recall(run);
    } else if ((code >= 0x0c && code <= 0x0f) || code == 0x12 || code == 0x13) {
        define_frame(run, code, bytes);
    } else if (code >= 0x05 && code <= 0x16) {
        define_register(run, code, bytes);
    } else if (code == 0x2e) { /* GNU_args_size */
        (void)take_unsigned(bytes);
    } else {
        run->is_understood = run->is_understood && code == 0;
    }
    run->is_plain = run->is_plain && code != 0x0f && code != 0x10;
}

static void execute(struct run *run, struct bytes *bytes) {
    uint8_t code = take_byte(bytes);
    uint8_t low = code & 0x3f;
    switch (code >> 6) {
    case 1:
        run->location += low * run->function->code_alignment;
        break;
    case 2:
        set_offset(run, low, take_unsigned(bytes));
        break;
    case 3:
        restore(run, low);
        break;
    default:
        execute_plain(run, code, bytes);
    }
}

/* Up to the row of the program counter. */
static void execute_all(struct run *run, struct cn_reference_bytes given) {
    struct bytes bytes = bytes_of(given.start, given.count);
    while (run->is_understood && bytes.is_good && bytes.at < bytes.end && run->location <= run->state->pc) {
        execute(run, &bytes);
    }
    run->is_understood = run->is_understood && bytes.is_good;
}

/* ---- results ------------------------------------------------------------------------------------------------- */

static bool find_frame(const struct run *run, uint64_t *frame_end) {
    const struct row *row = &run->row;
    if (row->has_frame && row->frame_register == NO_REGISTER) {
        return evaluate(run, row->frame_expression, frame_end);
    }
    bool is_known = row->has_frame && row->frame_register != CN_REFERENCE_PC &&
                    register_value(run->state, row->frame_register, frame_end);
    *frame_end += is_known ? (uint64_t)row->frame_offset : 0;
    return is_known;
}

static struct cn_reference_saved place(const struct run *run, const struct rule *rule, uint64_t frame_end) {
    struct cn_reference_saved saved = {.place = CN_REFERENCE_OTHER};
    if (rule->way == WAY_SAME || rule->way == WAY_UNDEFINED) {
        saved.place = rule->way == WAY_SAME ? CN_REFERENCE_SAME : CN_REFERENCE_UNDEFINED;
    } else if (rule->way == WAY_OFFSET) {
        saved = (struct cn_reference_saved){CN_REFERENCE_AT, frame_end + (uint64_t)rule->offset};
    } else if (rule->way == WAY_EXPRESSION && evaluate(run, rule->expression, &saved.where)) {
        saved.place = CN_REFERENCE_AT;
    }
    return saved;
}

struct cn_reference_result cn_reference_run(const struct cn_reference_function *function,
                                            const struct cn_reference_state *state) {
    static struct run run; /* large */
    struct cn_reference_result result = {.is_understood = false};
    memset(&run, 0, sizeof run);
    run.function = function;
    run.state = state;
    run.location = function->start;
    run.is_understood = true;
    run.is_plain = true;
    run.has_meaning = true;
    execute_all(&run, function->initial);
    run.has_meaning = run.has_meaning && run.location == function->start; /* they are of no place in the function */
    run.initial = run.row;
    execute_all(&run, function->instructions);
    result.is_plain = run.is_plain;
    result.has_meaning = run.has_meaning;
    if (run.is_understood) {
        bool has_frame = find_frame(&run, &result.frame_end);
        result.pc = place(&run, &run.row.rules[CN_REFERENCE_PC], result.frame_end);
        result.fp = place(&run, &run.row.rules[CN_REFERENCE_FP], result.frame_end);
        result.is_understood = has_frame || result.pc.place == CN_REFERENCE_UNDEFINED;
    }
    return result;
}
