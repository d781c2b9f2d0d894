/*
 * unwind_fuzz.c: walks over stacks that hold anything (unwind.h). The input says what lies on a stack of the harness's
 * own, between pages that cannot be accessed, and where the walk begins; code addresses are the program's and the C
 * library's, with the call frame information that they have. Whatever comes of it,
 *
 *   - the walk ends, faults nowhere, and has no more frames than were asked for (U1);
 *   - the words that decided lie on the stack, unless a signal's frame can have led to another one;
 *   - where it says that these are all, other words, and a frame pointer that did not decide, may be anything: the same
 *     walk comes of it again.
 *
 *   byte 0, 1  the depth; how the walk begins
 *   the rest   three bytes a word of the stack, over and over: its kind, and which one
 */
#define _GNU_SOURCE
#include "alloc/unwind.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "alloc/module.h"
#include "fuzz/bytes.h"
#include "fuzz/expect.h"
#include "fuzz/fuzzer.h"

enum { PAGE_BYTES = 4096, STACK_PAGES = 2, WORDS = STACK_PAGES * PAGE_BYTES / 8, BOTTOM_WORDS = 64 };

static uintptr_t *stack;
static struct cn_module program;
static struct cn_module c_library;
static uintptr_t restorer; /* where signal handlers return to; 0: not known */
static struct cn_bytes input;

/* ---- what lies on it ----------------------------------------------------------------------------------------- */

static uintptr_t code_of(const struct cn_module *module, uintptr_t number) {
    return module->start + number * 64 % (module->end - module->start) + number % 61;
}

static uintptr_t word_of(uint8_t kind, uintptr_t number) {
    enum { STACK_ADDRESS, UNALIGNED, CODE, CODE_TOO, OF_C_LIBRARY, RETURN_OF_SIGNAL, UNKNOWN_CODE, ANY, KINDS };
    switch (kind % KINDS) {
    case STACK_ADDRESS:
        return (uintptr_t)(stack + number % (WORDS + 2));
    case UNALIGNED:
        return (uintptr_t)stack + number;
    case CODE:
    case CODE_TOO:
        return code_of(&program, number);
    case OF_C_LIBRARY:
        return code_of(&c_library, number);
    case RETURN_OF_SIGNAL:
        return restorer;
    case UNKNOWN_CODE: /* as a JIT has it */
        return 0x10000000 + number;
    default:
        return number % 5 == 0 ? 0 : number * UINT64_C(0x9e3779b97f4a7c15);
    }
}

static uintptr_t take_word(void) {
    uint8_t kind = cn_bytes_take(&input);
    return word_of(kind, cn_bytes_take_number(&input, 2));
}

/* The input's words, from the lowest on, and the same again above. */
static void fill_stack(void) {
    size_t count = 0;
    while (cn_bytes_are_left(&input) && count < WORDS) {
        stack[count++] = take_word();
    }
    for (size_t i = count; i < WORDS; i++) {
        stack[i] = count != 0 ? stack[i % count] : 0;
    }
}

/* ---- what must come of it ------------------------------------------------------------------------------------ */

/* The words that decided where a walk went. */
struct decided {
    uintptr_t at[3 * CN_FRAME_MAX_DEPTH];
    size_t count;
    bool is_here;     /* it went through no signal's frame, which can lead to any other stack */
    bool is_all;      /* nothing else did, but for the frame pointer that it began with */
    bool has_used_fp; /* that one did */
};

/* As cn_unwind goes; unwind.h says what decides a step. */
static void find_decided(struct cn_registers registers, enum cn_unwind_start start, size_t depth,
                         struct decided *decided) {
    struct cn_readable readable = {0};
    struct cn_walker walker;
    enum cn_step step = CN_STEP_DONE;
    bool is_first_fp = true;
    *decided = (struct decided){.is_all = true};
    cn_walker_begin(&walker, &registers, start, &readable);
    for (size_t frames = 1; frames < depth && (step = cn_walker_step(&walker)) == CN_STEP_DONE; frames++) {
        const uintptr_t words[] = {walker.at.sp - sizeof(uintptr_t), walker.fp_at, walker.sp_at};
        for (size_t i = 0; i < sizeof words / sizeof words[0] && walker.is_repeatable; i++) {
            decided->at[decided->count] = words[i];
            decided->count += words[i] != 0 ? 1 : 0;
        }
        decided->has_used_fp = decided->has_used_fp || (is_first_fp && walker.has_used_fp);
        is_first_fp = is_first_fp && walker.fp_at == 0;
    }
    decided->is_here = walker.is_repeatable;
    decided->is_all = walker.is_repeatable && step != CN_STEP_LOST;
}

static void expect_on_stack(const struct decided *decided) {
    for (size_t i = 0; i < decided->count; i++) {
        uintptr_t at = decided->at[i];
        CN_EXPECT(at % sizeof(uintptr_t) == 0, "words that decide are aligned");
        CN_EXPECT(at >= (uintptr_t)stack && at < (uintptr_t)(stack + WORDS), "words that decide lie on the stack");
    }
}

static bool is_decisive(const struct decided *decided, const uintptr_t *word) {
    for (size_t i = 0; i < decided->count; i++) {
        if (decided->at[i] == (uintptr_t)word) {
            return true;
        }
    }
    return false;
}

/* Each word that did not decide becomes another. */
static void change_others(const struct decided *decided) {
    for (size_t i = 0; i < WORDS; i++) {
        if (!is_decisive(decided, stack + i)) {
            stack[i] = stack[i] * UINT64_C(0xd1342543de82ef95) + i;
        }
    }
}

static void expect_same(const struct cn_walk *walk, const struct cn_walk *again, const char *promise) {
    CN_EXPECT(walk->count == again->count &&
                  memcmp(walk->frames, again->frames, walk->count * sizeof walk->frames[0]) == 0,
              promise);
}

static void walk_again(const struct cn_walk *walk, struct cn_registers registers, enum cn_unwind_start start,
                       size_t depth) {
    static struct cn_walk again;
    static struct decided decided;
    struct cn_readable readable = {0};
    find_decided(registers, start, depth, &decided);
    if (!decided.is_here) {
        return;
    }
    expect_on_stack(&decided);
    cn_unwind(&registers, start, depth, &readable, &again);
    expect_same(walk, &again, "the same walk comes of the same stack, also by rules that are remembered");
    if (!decided.is_all) {
        return;
    }
    change_others(&decided);
    registers.fp = decided.has_used_fp ? registers.fp : registers.fp * 3 + 1;
    cn_unwind(&registers, start, depth, &readable, &again);
    expect_same(walk, &again, "what did not decide may be anything");
}

/* ---- the input ----------------------------------------------------------------------------------------------- */

static void on_signal(int number) { (void)number; }

/* The C library names it to the system alone. */
static uintptr_t find_restorer(void) {
    struct {
        void *handler;
        unsigned long flags;
        uintptr_t restorer;
        unsigned long mask;
    } action = {0};
    struct sigaction had;
    struct sigaction mine = {.sa_handler = on_signal};
    CN_EXPECT(sigaction(SIGUSR2, &mine, &had) == 0, "a signal can be handled");
    (void)syscall(SYS_rt_sigaction, SIGUSR2, NULL, &action, sizeof action.mask);
    CN_EXPECT(sigaction(SIGUSR2, &had, NULL) == 0, "a signal can be handled as before");
    return action.restorer;
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    char *memory = mmap(NULL, (size_t)(STACK_PAGES + 2) * PAGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CN_EXPECT(memory != MAP_FAILED &&
                  mprotect(memory + PAGE_BYTES, (size_t)STACK_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE) == 0,
              "memory can be mapped");
    stack = (uintptr_t *)(void *)(memory + PAGE_BYTES);
    CN_EXPECT(cn_module_find((uintptr_t)LLVMFuzzerTestOneInput, &program), "the program is a module");
    restorer = find_restorer();
    if (!cn_module_find(restorer, &c_library)) {
        c_library = program;
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    enum { INTERRUPTED = 1, WITH_FP_ON_STACK = 2 };
    static struct cn_walk walk;
    struct cn_readable readable = {0};
    input = cn_bytes_of(data, size);
    size_t depth = 1 + cn_bytes_take(&input) % CN_FRAME_MAX_DEPTH;
    uint8_t how = cn_bytes_take(&input);
    struct cn_registers registers = {.pc = take_word(), .fp = take_word()};
    size_t sp = how / 4 % BOTTOM_WORDS;
    registers.sp = (uintptr_t)(stack + sp);
    if ((how & WITH_FP_ON_STACK) != 0) {
        registers.fp = (uintptr_t)(stack + sp + registers.fp % BOTTOM_WORDS);
    }
    enum cn_unwind_start start = (how & INTERRUPTED) != 0 ? CN_UNWIND_FROM_INTERRUPTED : CN_UNWIND_FROM_CALL;
    fill_stack();
    cn_unwind(&registers, start, depth, &readable, &walk);
    CN_EXPECT(walk.count >= 1 && walk.count <= depth, "a walk has one frame, and no more than were asked for");
    walk_again(&walk, registers, start, depth);
    return 0;
}
