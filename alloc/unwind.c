#include "unwind.h"

#include <stdatomic.h>

#include "cfi.h"
#include "module.h"
#include "os.h"

/* ---- the rules that were looked up --------------------------------------------------------------------------- */

/*
 * A rule in one word, so that it is read and written at once, in a table of pairs, of which each has the newest two that
 * fell there, the newest first:
 *
 *   what the address has beyond its index 32 bits | module's tag 7 | fp 8 | frame_offset 14 | kind 3
 *
 * A word of zero is none. A module can go, and another come in its place: its tag is compared with that of the module
 * that is there now, once for each module in a walk.
 */
enum {
    KIND_BITS = 3,
    OFFSET_BITS = 14,
    FP_BITS = 8,
    TAG_BITS = 7,
    KEY_BITS = 32,
    INDEX_BITS = 15,
    ADDRESS_BITS = KEY_BITS + INDEX_BITS,
    OFFSET_SHIFT = KIND_BITS,
    FP_SHIFT = OFFSET_SHIFT + OFFSET_BITS,
    TAG_SHIFT = FP_SHIFT + FP_BITS,
    KEY_SHIFT = TAG_SHIFT + TAG_BITS,
    FP_AT_FP = (1 << FP_BITS) - 1,
    OFFSET_BIAS = 512, /* words: some offsets are below zero */
    WORD_BYTES = sizeof(uintptr_t),
};
_Static_assert(KEY_SHIFT + KEY_BITS == 64, "a rule fills its word");
_Static_assert(CN_CFI_OUTERMOST + 1 < 1 << KIND_BITS, "each kind, and none, has its number");

static _Atomic uint64_t rules[1 << INDEX_BITS][2];

/* Spreads addresses; one to one. */
static uint64_t spread(uintptr_t address) { return address * UINT64_C(0x9e3779b97f4a7c15) & cn_low_bits(ADDRESS_BITS); }

/* The rule as a word without key and tag; 0 where it does not fit. */
static uint64_t pack(const struct cn_cfi_rule *rule) {
    int64_t offset = rule->frame_offset / WORD_BYTES + OFFSET_BIAS;
    int64_t fp = rule->fp == CN_CFI_FP_AT_FP ? FP_AT_FP : -(rule->fp_offset / WORD_BYTES);
    bool is_whole = rule->frame_offset % WORD_BYTES == 0 && rule->fp_offset % WORD_BYTES == 0;
    bool is_fp_small = rule->fp != CN_CFI_FP_IN_FRAME || (fp > 0 && fp < FP_AT_FP);
    if (!is_whole || !is_fp_small || offset < 0 || offset >= 1 << OFFSET_BITS) {
        return 0;
    }
    return (uint64_t)fp << FP_SHIFT | (uint64_t)offset << OFFSET_SHIFT | (uint64_t)(rule->kind + 1);
}

static uint64_t field(uint64_t word, unsigned shift, unsigned bits) { return word >> shift & cn_low_bits(bits); }

static struct cn_cfi_rule unpack(uint64_t word) {
    int32_t fp = (int32_t)field(word, FP_SHIFT, FP_BITS);
    return (struct cn_cfi_rule){
        .kind = (enum cn_cfi_kind)(field(word, 0, KIND_BITS) - 1),
        .frame_offset = ((int32_t)field(word, OFFSET_SHIFT, OFFSET_BITS) - OFFSET_BIAS) * WORD_BYTES,
        .fp = fp == FP_AT_FP ? CN_CFI_FP_AT_FP
              : fp == 0      ? CN_CFI_FP_SAME
                             : CN_CFI_FP_IN_FRAME,
        .fp_offset = -fp * WORD_BYTES,
    };
}

/* ---- a walk -------------------------------------------------------------------------------------------------- */

struct walker {
    struct cn_registers at;
    bool is_interrupted; /* `at` is */
    struct cn_readable *readable;
    struct cn_readable other; /* where a signal's frame led to another stack */
    struct cn_module module;  /* in which the last address was; empty at first, and where it was in none */
    uint64_t module_tag;
    uintptr_t fp_from; /* the word that at.fp was read from; 0: the register */
    bool is_fp_noted;  /* among the words */
    struct cn_unwind_words *words;
};

static CN_NOINLINE bool find_module(struct walker *walker, uintptr_t address) {
    if (!cn_module_find(address, &walker->module)) {
        walker->module = (struct cn_module){0};
        return false;
    }
    const struct cn_module *module = &walker->module;
    uint64_t mixed = ((uintptr_t)module->identity ^ module->start ^ (uintptr_t)module->eh_frame_hdr << KIND_BITS) *
                     UINT64_C(0x9e3779b97f4a7c15);
    walker->module_tag = mixed >> (64 - TAG_BITS);
    return true;
}

CN_INLINE bool is_in_module(struct walker *walker, uintptr_t address) {
    return CN_LIKELY(address - walker->module.start < walker->module.end - walker->module.start) ||
           find_module(walker, address);
}

static CN_NOINLINE struct cn_cfi_rule look_up(const struct walker *walker, uintptr_t address, uint64_t spread_address) {
    struct cn_cfi_rule rule = {.kind = CN_CFI_UNKNOWN};
    if (walker->module.eh_frame_hdr != NULL) {
        rule = cn_cfi_find(walker->module.eh_frame_hdr, address);
    }
    uint64_t word = pack(&rule);
    if (word != 0) {
        _Atomic uint64_t *pair = rules[spread_address >> KEY_BITS];
        uint64_t key = spread_address & cn_low_bits(KEY_BITS);
        uint64_t first = atomic_load_explicit(&pair[0], memory_order_relaxed);
        atomic_store_explicit(&pair[1], first, memory_order_relaxed);
        atomic_store_explicit(&pair[0], word | walker->module_tag << TAG_SHIFT | key << KEY_SHIFT,
                              memory_order_relaxed);
    }
    return rule;
}

/* The rule at an address in the walker's module. */
CN_INLINE struct cn_cfi_rule rule_at(const struct walker *walker, uintptr_t address) {
    uint64_t mixed = spread(address);
    const _Atomic uint64_t *pair = rules[mixed >> KEY_BITS];
    uint64_t expected = walker->module_tag | (mixed & cn_low_bits(KEY_BITS)) << TAG_BITS;
    uint64_t word = atomic_load_explicit(&pair[0], memory_order_relaxed);
    if (CN_UNLIKELY(word >> TAG_SHIFT != expected)) {
        word = atomic_load_explicit(&pair[1], memory_order_relaxed);
    }
    bool is_it = word >> TAG_SHIFT == expected && field(word, 0, KIND_BITS) != 0;
    return CN_LIKELY(is_it) ? unpack(word) : look_up(walker, address, mixed);
}

/* ---- reading the stack --------------------------------------------------------------------------------------- */

enum { PAGE_BYTES = 4096, GAP_MAX_PAGES = 2048 };

static bool is_page_readable(uintptr_t page) { return cn_os_is_readable((const void *)page); } // NOLINT: not accessed

/* Has the range reach to the page of `address`, if what lies between is readable. */
static CN_NOINLINE bool extend(struct cn_readable *readable, uintptr_t address) {
    uintptr_t page = address & ~(uintptr_t)(PAGE_BYTES - 1);
    bool is_near = page >= readable->start ? page - readable->end < GAP_MAX_PAGES * PAGE_BYTES
                                           : readable->start - page <= GAP_MAX_PAGES * PAGE_BYTES;
    while (is_near && page < readable->start && is_page_readable(readable->start - PAGE_BYTES)) {
        readable->start -= PAGE_BYTES;
    }
    while (is_near && page >= readable->end && is_page_readable(readable->end)) {
        readable->end += PAGE_BYTES;
    }
    return page >= readable->start && page < readable->end;
}

/* U1. A word at or above where the walk began. */
CN_INLINE bool is_readable(struct cn_readable *readable, uintptr_t word) {
    return word % WORD_BYTES == 0 && (CN_LIKELY(word >= readable->start && word < readable->end) ||
                                      (word >= readable->start && extend(readable, word)));
}

/* The range that the walk begins in: that of before where it is the same stack, as far as can be told. */
CN_INLINE void enter_stack(struct cn_readable *readable, uintptr_t sp) {
    if (CN_UNLIKELY(sp - readable->start >= readable->end - readable->start) && !extend(readable, sp)) {
        readable->start = readable->end = sp & ~(uintptr_t)(PAGE_BYTES - 1);
    }
}

static uintptr_t word_at(uintptr_t address) { return *(const uintptr_t *)address; } // NOLINT: it is readable

CN_INLINE void note_word(struct walker *walker, uintptr_t address) {
    walker->words->at[walker->words->count++] = address;
}

/* The frame pointer is about to decide. */
CN_INLINE void note_fp(struct walker *walker) {
    if (walker->is_fp_noted) {
        return;
    }
    walker->is_fp_noted = true;
    if (walker->fp_from == 0) {
        walker->words->has_used_fp = true;
    } else {
        note_word(walker, walker->fp_from);
    }
}

/* ---- steps --------------------------------------------------------------------------------------------------- */

CN_INLINE bool take_fp(struct walker *walker, uintptr_t from) {
    if (!is_readable(walker->readable, from)) {
        return false;
    }
    walker->at.fp = word_at(from);
    walker->fp_from = from;
    walker->is_fp_noted = false;
    return true;
}

/* To the caller, whose frame begins at `frame_end` (U2). */
CN_INLINE bool leave_frame(struct walker *walker, const struct cn_cfi_rule *rule, uintptr_t frame_end) {
    uintptr_t pc_at = frame_end - WORD_BYTES;
    if (frame_end <= walker->at.sp || !is_readable(walker->readable, pc_at)) {
        return false;
    }
    if (rule->fp == CN_CFI_FP_IN_FRAME && !take_fp(walker, frame_end + (uintptr_t)(intptr_t)rule->fp_offset)) {
        return false;
    }
    if (rule->fp == CN_CFI_FP_AT_FP) {
        note_fp(walker);
        if (!take_fp(walker, walker->at.fp)) {
            return false;
        }
    }
    note_word(walker, pc_at);
    walker->at.pc = word_at(pc_at);
    walker->at.sp = frame_end;
    walker->is_interrupted = false;
    return true;
}

/* From a signal's frame to what it interrupted. */
static bool leave_handler(struct walker *walker) {
    const ucontext_t *context = (const ucontext_t *)walker->at.sp; // NOLINT: the kernel put it there
    walker->words->is_all = false;
    if (!is_readable(walker->readable, walker->at.sp) ||
        !is_readable(walker->readable, walker->at.sp + sizeof(ucontext_t) - WORD_BYTES)) {
        return false;
    }
    walker->at = cn_machine_interrupted(context);
    walker->is_interrupted = true;
    if (walker->at.sp - walker->readable->start >= walker->readable->end - walker->readable->start) {
        walker->readable = &walker->other;
        enter_stack(walker->readable, walker->at.sp);
    }
    return true;
}

/* Without information: by the frame pointer, if that leads to code of a module, or to such as it came from. */
static CN_NOINLINE bool guess(struct walker *walker) {
    enum { NEAR_BYTES = 64 << 20 };
    static const struct cn_cfi_rule by_fp = {CN_CFI_FP, 2 * WORD_BYTES, CN_CFI_FP_IN_FRAME, -2 * WORD_BYTES};
    uintptr_t pc = walker->at.pc;
    bool was_in_module = walker->module.end != 0;
    uintptr_t frame_end = walker->at.fp + 2 * WORD_BYTES;
    note_fp(walker);
    if (walker->at.fp < walker->at.sp || !leave_frame(walker, &by_fp, frame_end)) {
        return false;
    }
    uintptr_t distance = walker->at.pc > pc ? walker->at.pc - pc : pc - walker->at.pc;
    return is_in_module(walker, walker->at.pc - 1) || (!was_in_module && distance < NEAR_BYTES);
}

enum step { STEP_DONE, STEP_OUTERMOST, STEP_LOST };

/* Has `at` be the caller. */
CN_INLINE enum step step(struct walker *walker) {
    uintptr_t address = walker->is_interrupted ? walker->at.pc : walker->at.pc - 1;
    struct cn_cfi_rule rule = {.kind = CN_CFI_UNKNOWN};
    if (CN_MACHINE_HAS_CFI && is_in_module(walker, address)) {
        rule = rule_at(walker, address);
    }
    bool is_done = false;
    switch (rule.kind) {
    case CN_CFI_SP:
        is_done = leave_frame(walker, &rule, walker->at.sp + (uintptr_t)(intptr_t)rule.frame_offset);
        break;
    case CN_CFI_FP:
        note_fp(walker);
        is_done = leave_frame(walker, &rule, walker->at.fp + (uintptr_t)(intptr_t)rule.frame_offset);
        break;
    case CN_CFI_AT_FP: {
        uintptr_t word = walker->at.fp + (uintptr_t)(intptr_t)rule.frame_offset;
        note_fp(walker);
        if (is_readable(walker->readable, word)) {
            note_word(walker, word);
            is_done = leave_frame(walker, &rule, word_at(word));
        }
        break;
    }
    case CN_CFI_SIGNAL:
        is_done = leave_handler(walker);
        break;
    case CN_CFI_OUTERMOST:
        return STEP_OUTERMOST;
    case CN_CFI_UNKNOWN:
        is_done = guess(walker);
    }
    return !is_done ? STEP_LOST : walker->at.pc == 0 ? STEP_OUTERMOST : STEP_DONE;
}

void cn_unwind(const struct cn_registers *registers, enum cn_unwind_start start, size_t depth,
               struct cn_readable *readable, struct cn_walk *walk) {
    struct walker walker = {
        .at = *registers,
        .is_interrupted = start == CN_UNWIND_FROM_INTERRUPTED,
        .readable = readable,
        .words = &walk->words,
    };
    enum step taken = STEP_DONE;
    walk->count = 0;
    walk->words.is_all = true;
    walk->words.has_used_fp = false;
    walk->words.count = 0;
    enter_stack(readable, registers->sp);
    while (taken == STEP_DONE) {
        walk->frames[walk->count++] = walker.at.pc | (walker.is_interrupted ? CN_FRAME_INTERRUPTED : 0);
        taken = walk->count < depth ? step(&walker) : STEP_OUTERMOST;
    }
    walk->words.is_all = walk->words.is_all && taken != STEP_LOST;
}
