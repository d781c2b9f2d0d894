#include "cfi_run.h"

#include "cfi_value.h"

/* Instructions; in the first three the low six bits are an operand. */
enum {
    HIGH_BITS = 0xc0,
    LOW_BITS = 0x3f,
    ADVANCE_LOC = 0x40,
    OFFSET = 0x80,
    RESTORE = 0xc0,
    NOP = 0x00,
    ADVANCE_LOC1 = 0x02,
    ADVANCE_LOC2 = 0x03,
    ADVANCE_LOC4 = 0x04,
    OFFSET_EXTENDED = 0x05,
    RESTORE_EXTENDED = 0x06,
    UNDEFINED = 0x07,
    SAME_VALUE = 0x08,
    REGISTER = 0x09,
    REMEMBER_STATE = 0x0a,
    RESTORE_STATE = 0x0b,
    DEF_CFA = 0x0c,
    DEF_CFA_REGISTER = 0x0d,
    DEF_CFA_OFFSET = 0x0e,
    DEF_CFA_EXPRESSION = 0x0f,
    EXPRESSION = 0x10,
    OFFSET_EXTENDED_SF = 0x11,
    DEF_CFA_SF = 0x12,
    DEF_CFA_OFFSET_SF = 0x13,
    VAL_OFFSET = 0x14,
    VAL_OFFSET_SF = 0x15,
    VAL_EXPRESSION = 0x16,
    GNU_ARGS_SIZE = 0x2e,
};

enum place { PLACE_SAME, PLACE_IN_FRAME, PLACE_AT_VALUE, PLACE_UNDEFINED, PLACE_UNKNOWN };

/* Where a register of the caller is. */
struct saved {
    enum place place;
    int64_t offset; /* PLACE_IN_FRAME: from the frame's end */
    struct cn_cfi_value value;
};

struct row {
    struct cn_cfi_value frame_end;
    struct saved fp;
    struct saved pc;
};

enum { MAX_REMEMBERED = 8 };

struct machine {
    const struct cn_cfi_function *function;
    uintptr_t address; /* to which the rule is wanted */
    uintptr_t location;
    bool is_lost; /* by an instruction that is not understood */
    struct row row;
    struct row initial;
    size_t remembered_count;
    struct row remembered[MAX_REMEMBERED];
};

/* The operand that is an expression. */
static struct cn_cfi_value read_expression(struct machine *machine, struct cn_reader *reader) {
    uint64_t bytes = cn_reader_uleb(reader);
    const uint8_t *start = reader->at;
    cn_reader_skip(reader, bytes);
    return reader->has_overrun ? (struct cn_cfi_value){CN_CFI_BASE_UNKNOWN, 0}
                               : cn_cfi_value_of_expression(cn_reader_of(start, bytes), machine->address);
}

static struct saved *saved_of(struct row *row, const struct cn_cfi_function *function, uint64_t number) {
    return number == CN_CFI_REGISTER_FP ? &row->fp : number == function->return_register ? &row->pc : NULL;
}

static void save(struct machine *machine, uint64_t number, struct saved saved) {
    struct saved *target = saved_of(&machine->row, machine->function, number);
    if (target != NULL) {
        *target = saved;
    }
}

static void restore(struct machine *machine, uint64_t number) {
    struct saved *source = saved_of(&machine->initial, machine->function, number);
    if (source != NULL) {
        save(machine, number, *source);
    }
}

/* Wraps: what a function says may be anything. */
static int64_t in_bytes(const struct machine *machine, uint64_t factored) {
    return (int64_t)(factored * (uint64_t)machine->function->data_alignment);
}

static void save_in_frame(struct machine *machine, uint64_t number, uint64_t factored) {
    save(machine, number, (struct saved){.place = PLACE_IN_FRAME, .offset = in_bytes(machine, factored)});
}

static void remember(struct machine *machine) {
    if (machine->remembered_count < MAX_REMEMBERED) {
        machine->remembered[machine->remembered_count] = machine->row;
    } else {
        machine->is_lost = true;
    }
    machine->remembered_count++;
}

static void recall(struct machine *machine) {
    if (machine->remembered_count == 0) {
        machine->is_lost = true;
        return;
    }
    machine->row = machine->remembered[--machine->remembered_count];
}

static void advance(struct machine *machine, uint64_t factored) {
    machine->location += factored * machine->function->code_alignment;
}

/* The instructions that define the frame's end. */
static bool define_frame(struct machine *machine, unsigned instruction, struct cn_reader *reader) {
    struct cn_cfi_value *frame_end = &machine->row.frame_end;
    uint64_t number;
    switch (instruction) {
    case DEF_CFA:
        number = cn_reader_uleb(reader);
        *frame_end = cn_cfi_value_of_register(number, (int64_t)cn_reader_uleb(reader));
        return true;
    case DEF_CFA_SF:
        number = cn_reader_uleb(reader);
        *frame_end = cn_cfi_value_of_register(number, in_bytes(machine, (uint64_t)cn_reader_sleb(reader)));
        return true;
    case DEF_CFA_REGISTER:
        *frame_end = cn_cfi_value_of_register(cn_reader_uleb(reader), frame_end->offset);
        return true;
    case DEF_CFA_OFFSET:
        frame_end->offset = (int64_t)cn_reader_uleb(reader);
        return true;
    case DEF_CFA_OFFSET_SF:
        frame_end->offset = in_bytes(machine, (uint64_t)cn_reader_sleb(reader));
        return true;
    case DEF_CFA_EXPRESSION:
        *frame_end = read_expression(machine, reader);
        return true;
    default:
        return false;
    }
}

/* The instructions that say where a register is. */
static bool define_register(struct machine *machine, unsigned instruction, struct cn_reader *reader) {
    if (instruction < OFFSET_EXTENDED || instruction > VAL_EXPRESSION) {
        return false;
    }
    uint64_t number = cn_reader_uleb(reader);
    switch (instruction) {
    case OFFSET_EXTENDED:
        save_in_frame(machine, number, cn_reader_uleb(reader));
        return true;
    case OFFSET_EXTENDED_SF:
        save_in_frame(machine, number, (uint64_t)cn_reader_sleb(reader));
        return true;
    case RESTORE_EXTENDED:
        restore(machine, number);
        return true;
    case UNDEFINED:
        save(machine, number, (struct saved){.place = PLACE_UNDEFINED});
        return true;
    case SAME_VALUE:
        save(machine, number, (struct saved){.place = PLACE_SAME});
        return true;
    case EXPRESSION:
        save(machine, number, (struct saved){.place = PLACE_AT_VALUE, .value = read_expression(machine, reader)});
        return true;
    case REGISTER:
    case VAL_OFFSET:
    case VAL_OFFSET_SF:
        (void)cn_reader_sleb(reader);
        save(machine, number, (struct saved){.place = PLACE_UNKNOWN});
        return true;
    case VAL_EXPRESSION:
        (void)read_expression(machine, reader);
        save(machine, number, (struct saved){.place = PLACE_UNKNOWN});
        return true;
    default:
        return false;
    }
}

static void execute_plain(struct machine *machine, unsigned instruction, struct cn_reader *reader) {
    switch (instruction) {
    case NOP:
        return;
    case ADVANCE_LOC1:
        advance(machine, cn_reader_unsigned(reader, 1));
        return;
    case ADVANCE_LOC2:
        advance(machine, cn_reader_unsigned(reader, 2));
        return;
    case ADVANCE_LOC4:
        advance(machine, cn_reader_unsigned(reader, 4));
        return;
    case REMEMBER_STATE:
        remember(machine);
        return;
    case RESTORE_STATE:
        recall(machine);
        return;
    case GNU_ARGS_SIZE:
        (void)cn_reader_uleb(reader);
        return;
    default:
        machine->is_lost =
            !define_frame(machine, instruction, reader) && !define_register(machine, instruction, reader);
    }
}

static void execute(struct machine *machine, struct cn_reader *reader) {
    unsigned instruction = cn_reader_byte(reader);
    unsigned low = instruction & LOW_BITS;
    switch (instruction & HIGH_BITS) {
    case ADVANCE_LOC:
        advance(machine, low);
        return;
    case OFFSET:
        save_in_frame(machine, low, cn_reader_uleb(reader));
        return;
    case RESTORE:
        restore(machine, low);
        return;
    default:
        execute_plain(machine, instruction, reader);
    }
}

static void run(struct machine *machine, struct cn_reader reader) {
    while (reader.at < reader.end && !machine->is_lost) {
        struct row before = machine->row;
        execute(machine, &reader);
        if (machine->location > machine->address) {
            machine->row = before;
            return;
        }
    }
    machine->is_lost = machine->is_lost || reader.has_overrun;
}

/* ---- what came of it ----------------------------------------------------------------------------------------- */

/* Whether the caller's frame pointer can be told; if so, where it is. */
static bool place_fp(const struct row *row, struct cn_cfi_rule *rule) {
    const struct saved *fp = &row->fp;
    switch (fp->place) {
    case PLACE_SAME:
    case PLACE_UNDEFINED:
        rule->fp = CN_CFI_FP_SAME;
        return true;
    case PLACE_IN_FRAME:
        rule->fp = CN_CFI_FP_IN_FRAME;
        rule->fp_offset = (int32_t)fp->offset;
        return rule->fp_offset == fp->offset;
    case PLACE_AT_VALUE:
        rule->fp = CN_CFI_FP_AT_FP;
        return fp->value.base == CN_CFI_BASE_FP && fp->value.offset == 0;
    default:
        return false;
    }
}

static enum cn_cfi_kind kind_of(const struct row *row) {
    static const enum cn_cfi_kind by_base[] = {
        [CN_CFI_BASE_CONSTANT] = CN_CFI_UNKNOWN,
        [CN_CFI_BASE_SP] = CN_CFI_SP,
        [CN_CFI_BASE_FP] = CN_CFI_FP,
        [CN_CFI_BASE_AT_SP] = CN_CFI_UNKNOWN,
        [CN_CFI_BASE_AT_FP] = CN_CFI_AT_FP,
        [CN_CFI_BASE_UNKNOWN] = CN_CFI_UNKNOWN,
    };
    bool is_offset_small = row->frame_end.offset == (int32_t)row->frame_end.offset;
    bool is_pc_before_end = row->pc.place == PLACE_IN_FRAME && row->pc.offset == -(int64_t)sizeof(uintptr_t);
    return is_offset_small && is_pc_before_end ? by_base[row->frame_end.base] : CN_CFI_UNKNOWN;
}

struct cn_cfi_rule cn_cfi_run(const struct cn_cfi_function *function, uintptr_t address) {
    struct cn_cfi_rule rule = {.kind = CN_CFI_UNKNOWN};
    if (function->is_signal) {
        rule.kind = CN_CFI_SIGNAL;
        return rule;
    }
    struct machine machine = {.function = function, .address = address, .location = function->start};
    run(&machine, function->initial);
    machine.initial = machine.row;
    run(&machine, function->instructions);
    if (machine.is_lost) {
        return rule;
    }
    if (machine.row.pc.place == PLACE_UNDEFINED) {
        rule.kind = CN_CFI_OUTERMOST;
        return rule;
    }
    rule.frame_offset = (int32_t)machine.row.frame_end.offset;
    rule.kind = place_fp(&machine.row, &rule) ? kind_of(&machine.row) : CN_CFI_UNKNOWN;
    return rule;
}
