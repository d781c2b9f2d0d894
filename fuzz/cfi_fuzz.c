/*
 * cfi_fuzz.c: call frame information (cfi.h) against a second reader of it (cfi_reference.h). The harness makes a
 * module's tables, in which only what functions say is the input's; then no read may go beyond them, there is an end,
 * and what comes out is right for any stack pointer and frame pointer, or "unknown". Where the information is plain it
 * must be known.
 *
 *   byte 0     how addresses are written: enum cn_encoding by its place; the augmentation; enum setting
 *   byte 1     the alignment factors
 *   byte 2     the place in the function that the rule is for
 *   byte 3     how many bytes are the common entry's instructions
 *   the rest   instructions
 *
 * The tables end where the last byte of a page does, and the next page cannot be accessed.
 */
#define _GNU_SOURCE
#include "alloc/cfi.h"

#include <string.h>
#include <sys/mman.h>

#include "fuzz/bytes.h"
#include "fuzz/cfi_reference.h"
#include "fuzz/expect.h"
#include "fuzz/fuzzer.h"

enum {
    TABLE_BYTES = 8192,
    PAGE_BYTES = 4096,
    INSTRUCTIONS_MAX = 2000,
    FUNCTIONS = 3,
    HEADER_BYTES = 12 + 8 * FUNCTIONS,
    FUNCTION_BYTES = 0x80,
    CODE_DISTANCE = 0x4000,
};

enum encoding { ENCODING_WORD, ENCODING_U4, ENCODING_S4_RELATIVE, ENCODING_S8_RELATIVE, ENCODING_ULEB, ENCODING_SLEB };
enum { ENCODINGS = ENCODING_SLEB + 1 };
static const uint8_t encodings[ENCODINGS] = {0x00, 0x03, 0x1b, 0x1c, 0x01, 0x09};

enum setting { WITH_PERSONALITY = 0x08, OF_SIGNAL = 0x10, OLD_VERSION = 0x20, UNKNOWN_LETTER = 0x40, OUTSIDE = 0x80 };

static uint8_t *table; /* its last byte is the last of its page */
static uint8_t *at;    /* where the next byte goes */

/* ---- making the tables --------------------------------------------------------------------------------------- */

static void put(uint64_t value, unsigned bytes) {
    memcpy(at, &value, bytes);
    at += bytes;
}

static void put_leb(uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++) {
        *at++ = (uint8_t)((value & 0x7f) | (i + 1 < bytes ? 0x80 : 0));
        value >>= 7;
    }
}

/* In the format of the encoding, without what it is relative to. */
static void put_plain(uint64_t value, enum encoding encoding) {
    switch (encoding) {
    case ENCODING_U4:
    case ENCODING_S4_RELATIVE:
        put(value, 4);
        break;
    case ENCODING_ULEB:
    case ENCODING_SLEB:
        put_leb(value, 10);
        break;
    default:
        put(value, 8);
    }
}

static void put_address(uint64_t address, enum encoding encoding) {
    bool is_relative = encoding == ENCODING_S4_RELATIVE || encoding == ENCODING_S8_RELATIVE;
    put_plain(is_relative ? address - (uintptr_t)at : address, encoding);
}

/* An entry's length stands before it. */
static uint8_t *begin_entry(void) {
    put(0, 4);
    return at;
}

static void end_entry(uint8_t *start) {
    uint32_t length = (uint32_t)(at - start);
    memcpy(start - sizeof length, &length, sizeof length);
}

static struct cn_reference_bytes put_instructions(struct cn_bytes *input, size_t count) {
    struct cn_reference_bytes bytes = {at, 0};
    while (bytes.count < count && cn_bytes_are_left(input)) {
        *at++ = cn_bytes_take(input);
        bytes.count++;
    }
    return bytes;
}

struct common {
    enum encoding encoding;
    uint8_t settings;
    const uint8_t *entry;
};

static void put_common(struct common *common, struct cn_reference_function *function, struct cn_bytes *input,
                       size_t instructions) {
    bool has_personality = (common->settings & WITH_PERSONALITY) != 0;
    const char *letters = (common->settings & UNKNOWN_LETTER) != 0 ? "zRQ" : has_personality ? "zPLR" : "zR";
    common->entry = at;
    uint8_t *start = begin_entry();
    put(0, 4);
    put((common->settings & OLD_VERSION) != 0 ? 1 : 3, 1);
    for (const char *letter = letters; *letter != '\0'; letter++) {
        put((uint8_t)*letter, 1);
    }
    put((common->settings & OF_SIGNAL) != 0 ? 'S' : '\0', 1);
    put(0, (common->settings & OF_SIGNAL) != 0 ? 1 : 0);
    put_leb(function->code_alignment, 1);
    put_leb((uint64_t)function->data_alignment, 3);
    put_leb(CN_REFERENCE_PC, 1);
    put_leb(has_personality ? 7 : 1, 1);
    if (has_personality) {
        put(encodings[ENCODING_U4], 1);
        put(0, 4);
        put(encodings[ENCODING_U4], 1);
    }
    put(encodings[common->encoding], 1);
    function->initial = put_instructions(input, instructions);
    end_entry(start);
}

static uint8_t *put_function(const struct common *common, struct cn_reference_function *function,
                             struct cn_bytes *input, size_t instructions) {
    uint8_t *start = begin_entry();
    put((uint64_t)(at - common->entry), 4);
    put_address(function->start, common->encoding);
    put_plain(FUNCTION_BYTES, common->encoding);
    put_leb(0, 1);
    function->instructions = put_instructions(input, instructions);
    end_entry(start);
    return start - 4;
}

struct module {
    uint8_t *header;
    struct cn_reference_function functions[FUNCTIONS]; /* the middle one is the input's, and lies last */
};

/* The header, which names the functions by their addresses, and the entries. */
static void make_module(struct module *module, uint8_t *start, size_t padding, struct common *common,
                        struct cn_bytes input, size_t initial_count) {
    static const unsigned order[FUNCTIONS] = {0, 2, 1};
    module->header = start;
    at = start + HEADER_BYTES + padding;
    put_common(common, &module->functions[1], &input, initial_count);
    at = start;
    put(0x3b031b01, 4); /* version 1, and the encodings of the three things that follow */
    put(0, 4);
    put(FUNCTIONS, 4);
    at = (uint8_t *)(uintptr_t)module->functions[1].initial.start + module->functions[1].initial.count;
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        struct cn_reference_function *function = &module->functions[order[i]];
        *function = module->functions[1];
        function->start = (uintptr_t)table + CODE_DISTANCE + (uint64_t)order[i] * FUNCTION_BYTES;
        uint8_t *description = put_function(common, function, &input, order[i] == 1 ? SIZE_MAX : 0);
        int32_t entry[] = {(int32_t)(function->start - (uintptr_t)start), (int32_t)(description - start)};
        memcpy(start + HEADER_BYTES - (FUNCTIONS - order[i]) * sizeof entry, entry, sizeof entry);
    }
}

/* ---- what must come of it ------------------------------------------------------------------------------------ */

static bool is_small(uint64_t distance) { return (int64_t)distance == (int32_t)(int64_t)distance; }

static bool is_at(const struct cn_reference_saved *saved, uint64_t where) {
    return saved->place == CN_REFERENCE_AT && saved->where == where;
}

/* Whether a rule can say it. */
static bool is_plain(const struct cn_reference_result *due, const struct cn_reference_state *state) {
    bool is_fp_plain = due->fp.place == CN_REFERENCE_SAME || due->fp.place == CN_REFERENCE_UNDEFINED ||
                       (due->fp.place == CN_REFERENCE_AT && is_small(due->fp.where - due->frame_end));
    return due->is_understood && due->is_plain && is_at(&due->pc, due->frame_end - 8) && is_fp_plain &&
           (is_small(due->frame_end - state->sp) || is_small(due->frame_end - state->fp));
}

static uint64_t frame_end_of(const struct cn_cfi_rule *rule, const struct cn_reference_state *state) {
    uint64_t offset = (uint64_t)(int64_t)rule->frame_offset;
    switch (rule->kind) {
    case CN_CFI_SP:
        return state->sp + offset;
    case CN_CFI_FP:
        return state->fp + offset;
    default:
        return cn_reference_word(state->fp + offset);
    }
}

static void expect_fp(const struct cn_cfi_rule *rule, const struct cn_reference_result *due,
                      const struct cn_reference_state *state) {
    switch (rule->fp) {
    case CN_CFI_FP_SAME:
        CN_EXPECT(due->fp.place == CN_REFERENCE_SAME || due->fp.place == CN_REFERENCE_UNDEFINED,
                  "a frame pointer that is said to be in its register is");
        break;
    case CN_CFI_FP_IN_FRAME:
        CN_EXPECT(is_at(&due->fp, due->frame_end + (uint64_t)(int64_t)rule->fp_offset),
                  "a frame pointer lies in its frame where it is said to");
        break;
    case CN_CFI_FP_AT_FP:
        CN_EXPECT(is_at(&due->fp, state->fp), "a frame pointer lies where the register points to, if it is said to");
        break;
    }
}

static void compare(const struct cn_cfi_rule *rule, const struct cn_reference_function *function,
                    const struct cn_reference_state *state) {
    struct cn_reference_result due = cn_reference_run(function, state);
    if (!due.has_meaning) {
        return;
    }
    switch (rule->kind) {
    case CN_CFI_UNKNOWN:
        CN_EXPECT(!is_plain(&due, state), "plain information is understood");
        break;
    case CN_CFI_OUTERMOST:
        CN_EXPECT(due.is_understood && due.pc.place == CN_REFERENCE_UNDEFINED,
                  "only a frame without a return address is the outermost");
        break;
    default:
        CN_EXPECT(due.is_understood && due.frame_end == frame_end_of(rule, state), "a frame ends where it is said to");
        CN_EXPECT(is_at(&due.pc, due.frame_end - 8), "the return address lies before the frame's end");
        expect_fp(rule, &due, state);
    }
}

/* With registers that differ by more than any offset. */
static void compare_twice(const struct cn_cfi_rule *rule, const struct cn_reference_function *function, uint64_t pc) {
    static const struct cn_reference_state states[] = {{.sp = UINT64_C(0x7ffd31a2c4e8d6f0), .fp = 0x561283b7f9e0},
                                                       {.sp = 0x7f3390bead50, .fp = UINT64_C(0x2bcd9a8e67f31248)}};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct cn_reference_state state = states[i];
        state.pc = pc;
        compare(rule, function, &state);
    }
}

/* ---- the input ----------------------------------------------------------------------------------------------- */

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    table =
        mmap(NULL, TABLE_BYTES + PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    CN_EXPECT(table != MAP_FAILED && mprotect(table + TABLE_BYTES, PAGE_BYTES, PROT_NONE) == 0,
              "memory can be mapped where four bytes are an address");
    return 0;
}

static void take_factors(struct cn_reference_function *function, uint8_t byte) {
    function->code_alignment = 1 + byte % 4;
    function->data_alignment = byte < 0xC0 ? -8 : (int64_t)byte * 500 - 0xE0 * 500;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct module module;
    struct cn_bytes input = cn_bytes_of(data, size < INSTRUCTIONS_MAX ? size : INSTRUCTIONS_MAX);
    struct common common = {.settings = cn_bytes_take(&input)};
    common.encoding = (enum encoding)((common.settings & 7) % ENCODINGS);
    take_factors(&module.functions[1], cn_bytes_take(&input));
    uint64_t place = cn_bytes_take(&input) % FUNCTION_BYTES;
    size_t initial_count = cn_bytes_take(&input);
    make_module(&module, table, 0, &common, input, initial_count);
    size_t bytes = (size_t)(at - table);
    size_t padding = (4 - bytes % 4) % 4;
    make_module(&module, table + TABLE_BYTES - bytes - padding, padding, &common, input, initial_count);
    bool is_outside = (common.settings & OUTSIDE) != 0;
    uint64_t pc = module.functions[is_outside ? 0 : 1].start + place - (is_outside ? FUNCTION_BYTES : 0);
    struct cn_cfi_rule rule = cn_cfi_find(module.header, pc);
    if (is_outside || (common.settings & UNKNOWN_LETTER) != 0) {
        CN_EXPECT(rule.kind == CN_CFI_UNKNOWN, "where there is no information, nothing is known");
    } else if ((common.settings & OF_SIGNAL) != 0) {
        CN_EXPECT(rule.kind == CN_CFI_SIGNAL, "what a handler returns to is told");
    } else {
        compare_twice(&rule, &module.functions[1], pc);
    }
    return 0;
}
