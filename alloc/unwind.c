#include "unwind.h"

#include <stdatomic.h>

#include "cfi.h"
#include "module.h"
#include "os.h"

/* ---- the rules that were looked up --------------------------------------------------------------------------- */

/*
 * A rule in one word, so that it is read and written at once, in a table of pairs, of which each has the newest two
 * that fell there, the newest first:
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

static CN_NOINLINE bool find_module(struct cn_walker *walker, uintptr_t address) {
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

CN_INLINE bool is_in_module(struct cn_walker *walker, uintptr_t address) {
    return CN_LIKELY(address - walker->module.start < walker->module.end - walker->module.start) ||
           find_module(walker, address);
}

static CN_NOINLINE struct cn_cfi_rule look_up(const struct cn_walker *walker, uintptr_t address,
                                              uint64_t spread_address) {
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

/* The rule at an address in the walker's module, as a word; 0: it has not been looked up, or not of late. */
CN_INLINE uint64_t remembered_at(const struct cn_walker *walker, uint64_t spread_address) {
    const _Atomic uint64_t *pair = rules[spread_address >> KEY_BITS];
    uint64_t expected = walker->module_tag | (spread_address & cn_low_bits(KEY_BITS)) << TAG_BITS;
    uint64_t word = atomic_load_explicit(&pair[0], memory_order_relaxed);
    if (CN_UNLIKELY(word >> TAG_SHIFT != expected)) {
        word = atomic_load_explicit(&pair[1], memory_order_relaxed);
    }
    return CN_LIKELY(word >> TAG_SHIFT == expected) ? word : 0;
}

static struct cn_cfi_rule rule_at(const struct cn_walker *walker, uintptr_t address) {
    uint64_t mixed = spread(address);
    uint64_t word = remembered_at(walker, mixed);
    return field(word, 0, KIND_BITS) != 0 ? unpack(word) : look_up(walker, address, mixed);
}

/* ---- reading the stack --------------------------------------------------------------------------------------- */

enum { PAGE_BYTES = 4096, GAP_MAX_PAGES = 2048 };

static bool is_page_readable(uintptr_t page) { return cn_os_is_readable((const void *)page); } // NOLINT: not accessed

/* Has the range reach to the page of `address`, if what lies between is readable. */
static CN_NOINLINE bool extend(struct cn_readable *readable, uintptr_t address) {
    uintptr_t page = address & ~(uintptr_t)(PAGE_BYTES - 1);
    bool is_near = page >= readable->start ? page - readable->end < GAP_MAX_PAGES * PAGE_BYTES
                                           : readable->start - page <= GAP_MAX_PAGES * PAGE_BYTES;
    is_near = is_near && (readable->limit == 0 || page < readable->limit);
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

/* An interrupted function may go by words below sp that it has popped: the kernel leaves so many alone. They may lie on
 * the page before. */
CN_INLINE void enter_below(struct cn_readable *readable, uintptr_t sp) {
    enum { RED_ZONE_BYTES = 128 };
    if (CN_UNLIKELY(sp - readable->start < RED_ZONE_BYTES)) {
        (void)extend(readable, sp - RED_ZONE_BYTES);
    }
}

static CN_READS_STACK uintptr_t word_at(uintptr_t address) {
    return *(const uintptr_t *)address;
} // NOLINT: it is readable

/* ---- steps --------------------------------------------------------------------------------------------------- */

CN_INLINE bool take_fp(struct cn_walker *walker, uintptr_t from) {
    if (!is_readable(walker->readable, from)) {
        return false;
    }
    walker->at.fp = word_at(from);
    walker->fp_at = from;
    return true;
}

/* To the caller, whose frame begins at `frame_end` (U2). */
CN_INLINE bool leave_frame(struct cn_walker *walker, const struct cn_cfi_rule *rule, uintptr_t frame_end) {
    uintptr_t pc_at = frame_end - WORD_BYTES;
    if (frame_end <= walker->at.sp || !is_readable(walker->readable, pc_at)) {
        return false;
    }
    if (rule->fp == CN_CFI_FP_IN_FRAME && !take_fp(walker, frame_end + (uintptr_t)(intptr_t)rule->fp_offset)) {
        return false;
    }
    if (rule->fp == CN_CFI_FP_AT_FP) {
        walker->has_used_fp = true;
        if (!take_fp(walker, walker->at.fp)) {
            return false;
        }
    }
    walker->at.pc = word_at(pc_at);
    walker->at.sp = frame_end;
    walker->is_interrupted = false;
    return true;
}

/* From a signal's frame to what it interrupted. */
static bool leave_handler(struct cn_walker *walker) {
    const ucontext_t *context = (const ucontext_t *)walker->at.sp; // NOLINT: the kernel put it there
    walker->is_repeatable = false;
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
    enter_below(walker->readable, walker->at.sp);
    return true;
}

/* Without information: by the frame pointer, if that leads to code of a module, or to such as it came from. */
static CN_NOINLINE bool guess(struct cn_walker *walker) {
    enum { NEAR_BYTES = 64 << 20 };
    static const struct cn_cfi_rule by_fp = {CN_CFI_FP, 2 * WORD_BYTES, CN_CFI_FP_IN_FRAME, -2 * WORD_BYTES};
    uintptr_t pc = walker->at.pc;
    bool was_in_module = walker->module.end != 0;
    uintptr_t frame_end = walker->at.fp + 2 * WORD_BYTES;
    walker->has_used_fp = true;
    if (walker->at.fp < walker->at.sp || !leave_frame(walker, &by_fp, frame_end)) {
        return false;
    }
    uintptr_t distance = walker->at.pc > pc ? walker->at.pc - pc : pc - walker->at.pc;
    return is_in_module(walker, walker->at.pc - 1) || (!was_in_module && distance < NEAR_BYTES);
}

static CN_NOINLINE enum cn_step step_by_rule(struct cn_walker *walker) {
    uintptr_t address = walker->is_interrupted ? walker->at.pc : walker->at.pc - 1;
    struct cn_cfi_rule rule = {.kind = CN_CFI_UNKNOWN};
    if (CN_MACHINE_HAS_CFI && is_in_module(walker, address)) {
        rule = rule_at(walker, address);
    }
    walker->has_used_fp = rule.kind == CN_CFI_FP || rule.kind == CN_CFI_AT_FP;
    bool is_done = false;
    switch (rule.kind) {
    case CN_CFI_SP:
        is_done = leave_frame(walker, &rule, walker->at.sp + (uintptr_t)(intptr_t)rule.frame_offset);
        break;
    case CN_CFI_FP:
        is_done = leave_frame(walker, &rule, walker->at.fp + (uintptr_t)(intptr_t)rule.frame_offset);
        break;
    case CN_CFI_AT_FP:
        walker->sp_at = walker->at.fp + (uintptr_t)(intptr_t)rule.frame_offset;
        is_done = is_readable(walker->readable, walker->sp_at) && leave_frame(walker, &rule, word_at(walker->sp_at));
        break;
    case CN_CFI_SIGNAL:
        is_done = leave_handler(walker);
        break;
    case CN_CFI_OUTERMOST:
        return CN_STEP_OUTERMOST;
    case CN_CFI_UNKNOWN:
        is_done = guess(walker);
    }
    return is_done && walker->at.pc != 0 ? CN_STEP_DONE : CN_STEP_LOST;
}

/* As most steps go: the rule is remembered, and counts from sp; the words that it names are within the frame. False,
 * and nothing is done, elsewhere. */
CN_INLINE bool step_fast(struct cn_walker *walker) {
    uintptr_t address = walker->at.pc - 1;
    if (!CN_MACHINE_HAS_CFI || walker->is_interrupted || !is_in_module(walker, address)) {
        return false;
    }
    uint64_t word = remembered_at(walker, spread(address));
    uintptr_t frame_bytes = (field(word, OFFSET_SHIFT, OFFSET_BITS) - OFFSET_BIAS) * WORD_BYTES;
    uintptr_t fp_words = field(word, FP_SHIFT, FP_BITS);
    uintptr_t fp_bytes = fp_words * WORD_BYTES;
    uintptr_t seen_bytes = walker->readable->end - walker->readable->start;
    uintptr_t before_bytes = walker->at.sp - walker->readable->start;
    if (CN_UNLIKELY(field(word, 0, KIND_BITS) != CN_CFI_SP + 1 || before_bytes >= seen_bytes ||
                    frame_bytes - 1 >= seen_bytes - before_bytes || fp_bytes > frame_bytes || fp_words == FP_AT_FP ||
                    walker->at.sp % WORD_BYTES != 0)) {
        return false;
    }
    walker->at.sp += frame_bytes;
    walker->at.pc = word_at(walker->at.sp - WORD_BYTES);
    if (fp_bytes != 0) {
        walker->fp_at = walker->at.sp - fp_bytes;
        walker->at.fp = word_at(walker->fp_at);
    }
    return true;
}

enum cn_step cn_walker_step(struct cn_walker *walker) {
    walker->has_used_fp = false;
    walker->fp_at = 0;
    walker->sp_at = 0;
    if (CN_LIKELY(step_fast(walker))) {
        return walker->at.pc != 0 ? CN_STEP_DONE : CN_STEP_LOST;
    }
    return step_by_rule(walker);
}

void cn_walker_begin(struct cn_walker *walker, const struct cn_registers *registers, enum cn_unwind_start start,
                     struct cn_readable *readable) {
    walker->at = *registers;
    walker->is_interrupted = start == CN_UNWIND_FROM_INTERRUPTED;
    walker->is_repeatable = true;
    walker->has_used_fp = false;
    walker->fp_at = 0;
    walker->sp_at = 0;
    walker->readable = readable;
    walker->other = (struct cn_readable){0};
    walker->module.start = walker->module.end = 0;
    enter_stack(readable, registers->sp);
    if (walker->is_interrupted) {
        enter_below(readable, registers->sp);
    }
}

void cn_unwind(const struct cn_registers *registers, enum cn_unwind_start start, size_t depth,
               struct cn_readable *readable, struct cn_walk *walk) {
    struct cn_walker walker;
    walk->count = 0;
    cn_walker_begin(&walker, registers, start, readable);
    do {
        walk->frames[walk->count++] = cn_walker_frame(&walker);
    } while (walk->count < depth && cn_walker_step(&walker) == CN_STEP_DONE);
}
