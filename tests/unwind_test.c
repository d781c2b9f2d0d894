/*
 * unwind_test.c: the debug form's walk along the stack (unwind.h) finds what gcc's unwinder finds, whatever the frames
 * look like; and a stack that makes no sense does it no harm.
 */
#define _GNU_SOURCE
#include "alloc/unwind.h"

#include <alloca.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "debug/stack.h"
#include "tests/child.h"
#include "tests/stacks.h"

static _Thread_local struct cn_readable readable;
static _Thread_local size_t compared;
static _Thread_local size_t most_frames;

/* The walk from its caller is as gcc's. */
static NOINLINE void compare(void) {
    struct cn_stack_start here = cn_stack_here();
    struct cn_walk walk;
    struct reference reference;
    REFERENCE(&reference);
    for (size_t depth = 1; depth <= CN_FRAME_MAX_DEPTH; depth *= 4) {
        cn_unwind(&here.registers, CN_UNWIND_FROM_CALL, depth, &readable, &walk);
        MUST(is_as_reference(&reference, walk.frames, walk.count, depth));
    }
    most_frames = walk.count > most_frames ? walk.count : most_frames;
    compared++;
    KEEP_FRAME();
}

/* ---- shapes of frames ---------------------------------------------------------------------------------------- */

static NOINLINE void recurse(unsigned times) {
    if (times == 0) {
        compare();
    } else {
        recurse(times - 1);
    }
    KEEP_FRAME();
}

static void recursion_of_any_depth(void **state) {
    (void)state;
    for (unsigned times = 0; times < 100; times++) {
        recurse(times);
    }
    assert_int_equal(most_frames, CN_FRAME_MAX_DEPTH);
}

static NOINLINE void with_alloca(size_t bytes, unsigned times) {
    char *memory = hide(alloca(bytes));
    memset(memory, 1, bytes);
    if (times == 0) {
        compare();
    } else {
        with_alloca(bytes, times - 1);
    }
    (void)hide(memory);
}

static void frames_of_any_size_in_the_frame_pointer(void **state) {
    (void)state;
    for (size_t bytes = 1; bytes <= 100 * KIB; bytes *= 3) {
        with_alloca(bytes, 5);
    }
}

static NOINLINE void with_array(unsigned times) {
    char memory[300 * KIB];
    memset(hide(memory), 1, sizeof memory);
    if (times == 0) {
        compare();
    } else {
        with_array(times - 1);
    }
    (void)hide(memory);
}

static void large_frames_without_a_frame_pointer(void **state) {
    (void)state;
    with_array(4);
    with_array(0);
}

/* The frame's end is then found through a word that the frame pointer leads to. */
static NOINLINE void realigned(size_t bytes, unsigned times) {
    _Alignas(128) char memory[128];
    char *more = hide(alloca(bytes));
    memset(hide(memory), 1, sizeof memory);
    if (times == 0) {
        compare();
    } else {
        realigned(bytes, times - 1);
    }
    (void)hide(more);
    (void)hide(memory);
}

static void frames_that_realign_the_stack(void **state) {
    (void)state;
    for (size_t bytes = 8; bytes < 2000; bytes += 104) {
        realigned(bytes, 3);
    }
}

static int compare_and_order(const void *a, const void *b) {
    compare();
    return *(const int *)a - *(const int *)b;
}

static void callbacks_of_the_c_library(void **state) {
    (void)state;
    int numbers[] = {5, 3, 9, 1, 7};
    int key = 7;
    qsort(numbers, 5, sizeof numbers[0], compare_and_order);
    assert_non_null(bsearch(&key, numbers, 5, sizeof numbers[0], compare_and_order));
    assert_true(compared > 6);
}

static void *run_thread(void *argument) {
    recurse(3);
    with_alloca(500, 2);
    recurse(80);
    return argument;
}

static void stacks_of_threads_end_where_the_thread_began(void **state) {
    (void)state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_thread, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* ---- signals ------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t handled;

static void on_signal(int number) {
    (void)number;
    struct cn_stack_start here;
    struct cn_walk walk;
    struct reference reference;
    here = cn_stack_here();
    REFERENCE(&reference);
    cn_unwind(&here.registers, CN_UNWIND_FROM_CALL, CN_FRAME_MAX_DEPTH, &readable, &walk);
    MUST(is_as_reference(&reference, walk.frames, walk.count, CN_FRAME_MAX_DEPTH));
    handled = handled + 1;
}

static NOINLINE void raise_deep(unsigned times) {
    if (times == 0) {
        assert_int_equal(raise(SIGUSR1), 0);
    } else {
        raise_deep(times - 1);
    }
    KEEP_FRAME();
}

static void handle(int number, int flags) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags | SA_RESTART};
    assert_int_equal(sigaction(number, &action, NULL), 0);
    handled = 0;
}

static void handlers_are_left_to_what_they_interrupted(void **state) {
    (void)state;
    handle(SIGUSR1, 0);
    raise_deep(0);
    raise_deep(20);
    assert_int_equal(handled, 2);
}

static void handlers_on_a_stack_of_their_own(void **state) {
    (void)state;
    static char memory[64 * KIB];
    stack_t other = {.ss_sp = memory, .ss_size = sizeof memory};
    stack_t none = {.ss_flags = SS_DISABLE};
    assert_int_equal(sigaltstack(&other, NULL), 0);
    handle(SIGUSR1, SA_ONSTACK);
    raise_deep(20);
    recurse(3);
    raise_deep(0);
    assert_int_equal(handled, 2);
    assert_int_equal(sigaltstack(&none, NULL), 0);
}

/* Calls into the C library through the linker's stubs, short functions, and prologues. */
static NOINLINE size_t busy(size_t round) {
    char text[64];
    (void)snprintf(text, sizeof text, "%zu", round);
    return strlen(hide(text)) + (size_t)strtol(text, NULL, 10) + (size_t)getppid();
}

static void signals_at_any_instruction(void **state) {
    (void)state;
    enum { SIGNALS = 300, MICROSECONDS = 300 };
    struct itimerval often = {{0, MICROSECONDS}, {0, MICROSECONDS}};
    struct itimerval never = {{0, 0}, {0, 0}};
    size_t sum = 0;
    handle(SIGALRM, 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    for (size_t round = 0; handled < SIGNALS; round++) {
        sum += busy(round);
    }
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_true(hide_size(sum) != 0);
}

/* ---- modules that come and go -------------------------------------------------------------------------------- */

/* Both are of the same size, and so come to lie at the same place; their frames differ. */
static uintptr_t call_through(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    MUST(library != NULL);
    void (*call)(void (*)(void));
    void *symbol = dlsym(library, "call_back");
    memcpy(&call, &symbol, sizeof call);
    size_t before = compared;
    call(compare);
    MUST(compared == before + 1);
    MUST(dlclose(library) == 0);
    return (uintptr_t)symbol;
}

static void modules_that_take_the_place_of_others(void **state) {
    (void)state;
    size_t same_places = 0;
    uintptr_t last = 0;
    for (unsigned round = 0; round < 20; round++) {
        uintptr_t place = call_through(round % 2 != 0 ? "tests/unwind_narrow.so" : "tests/unwind_wide.so");
        same_places += place == last;
        last = place;
    }
    assert_true(same_places > 0);
}

/* ---- code without information -------------------------------------------------------------------------------- */

/* push rbp; mov rbp, rsp; call rdi; pop rbp; ret */
static const unsigned char framed_code[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};
enum { CODE_RETURN = 6 };

static uintptr_t caller_of_code;
static char *code;

static NOINLINE void walk_through_code(void) {
    struct cn_stack_start here = cn_stack_here();
    struct cn_walk walk;
    cn_unwind(&here.registers, CN_UNWIND_FROM_CALL, CN_FRAME_MAX_DEPTH, &readable, &walk);
    MUST(walk.count > 3);
    MUST(walk.frames[0] == (uintptr_t)code + CODE_RETURN);
    caller_of_code = walk.frames[1];
}

static void code_with_frame_pointers_alone_is_gone_through(void **state) {
    (void)state;
    if (CN_MACHINE_HAS_CFI == 0) {
        skip();
    }
    code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(code != MAP_FAILED);
    memcpy(code, framed_code, sizeof framed_code);
    assert_int_equal(mprotect(code, 4096, PROT_READ | PROT_EXEC), 0);
    void (*call)(void (*)(void));
    memcpy(&call, &code, sizeof call);
    call(walk_through_code);
    uintptr_t self = (uintptr_t)code_with_frame_pointers_alone_is_gone_through;
    assert_in_range(caller_of_code, self, self + 4096);
    assert_int_equal(munmap(code, 4096), 0);
}

/* ---- stacks that make no sense ------------------------------------------------------------------------------- */

enum { PAGE = 4096, STACK_PAGES = 4 };

/* Pages with nothing readable on either side. */
static uintptr_t *map_guarded(void) {
    char *memory = mmap(NULL, (STACK_PAGES + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(memory != MAP_FAILED);
    MUST(mprotect(memory + PAGE, STACK_PAGES * PAGE, PROT_READ | PROT_WRITE) == 0);
    return (uintptr_t *)(void *)(memory + PAGE);
}

/* A word that a stack may hold: an address of code, of the stack itself, or nothing of the kind. */
static uintptr_t word_like(const uintptr_t *stack, const struct reference *reference, uint64_t *seed) {
    uint64_t random = pattern_word(*seed, 0);
    *seed += 1;
    switch (random >> 62) {
    case 0:
        return reference->frames[(random >> 8) % reference->count];
    case 1:
        return (uintptr_t)stack + (random >> 8) % (STACK_PAGES * PAGE + 64);
    case 2:
        return (uintptr_t)random >> (random & 63);
    default:
        return (uintptr_t)stack + (random >> 8) % (STACK_PAGES * PAGE) / 8 * 8;
    }
}

static void walk_nonsense(void *argument) {
    enum { ROUNDS = 20000, WORDS = STACK_PAGES * PAGE / sizeof(uintptr_t) };
    uintptr_t *stack = map_guarded();
    struct cn_readable mine = {0};
    struct reference reference;
    struct cn_walk walk;
    uint64_t seed = 1;
    size_t frames = 0;
    (void)argument;
    REFERENCE(&reference);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < WORDS; i += round % 16 == 0 ? 1 : 37) {
            stack[i] = word_like(stack, &reference, &seed);
        }
        struct cn_registers at = {
            .pc = reference.frames[round % reference.count],
            .sp = (uintptr_t)stack + (pattern_word(seed, 1) >> 8) % WORDS * sizeof(uintptr_t) + (round % 32 == 0),
            .fp = word_like(stack, &reference, &seed),
        };
        cn_unwind(&at, round % 3 == 0 ? CN_UNWIND_FROM_INTERRUPTED : CN_UNWIND_FROM_CALL, 16, &mine, &walk);
        MUST(walk.count >= 1 && walk.count <= 16);
        frames += walk.count;
    }
    MUST(frames > ROUNDS + ROUNDS / 8); /* some of it was believed */
}

static void stacks_of_nonsense_do_no_harm(void **state) {
    (void)state;
    struct child_end end = run_in_child(walk_nonsense, NULL, 120);
    expect_success(&end);
}

static void stack_pointers_to_nowhere_do_no_harm(void **state) {
    (void)state;
    static const uintptr_t nowhere[] = {0, 1, 8, 4095, UINTPTR_MAX, UINTPTR_MAX - 7, (uintptr_t)1 << 63, 1ULL << 47};
    for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
        for (size_t k = 0; k < sizeof nowhere / sizeof nowhere[0]; k++) {
            struct cn_registers at = {(uintptr_t)recurse + 8, nowhere[i], nowhere[k]};
            struct cn_readable mine = {0};
            struct cn_walk walk;
            cn_unwind(&at, CN_UNWIND_FROM_INTERRUPTED, CN_FRAME_MAX_DEPTH, &mine, &walk);
            assert_true(walk.count <= 2);
            at.pc = nowhere[k];
            cn_unwind(&at, CN_UNWIND_FROM_CALL, CN_FRAME_MAX_DEPTH, &mine, &walk);
            assert_int_equal(walk.count, 1);
        }
    }
}

/* Where it ends: what it has saved is popped already, and still its caller's frame pointer by its rules. */
extern const char popped_place[];
#if defined(__x86_64__)
__asm__("popped: .cfi_startproc\n push %rbp\n .cfi_def_cfa_offset 16\n .cfi_offset %rbp, -16\n"
        "pop %rbp\n .cfi_def_cfa_offset 8\n popped_place: ret\n .cfi_endproc");
#else
const char popped_place[] = "";
#endif

static void popped_words_count_where_it_is_interrupted(void **state) {
    enum { PAGE_WORDS = 512 };
    uintptr_t *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uintptr_t *sp = pages + PAGE_WORDS;
    struct cn_registers at = {.pc = (uintptr_t)popped_place, .sp = (uintptr_t)sp};
    struct cn_readable mine = {0};
    struct cn_walker walker;
    (void)state;
    sp[0] = (uintptr_t)popped_place;
    sp[-1] = 0x1230;
    cn_walker_begin(&walker, &at, CN_UNWIND_FROM_INTERRUPTED, &mine);
    assert_true(!CN_MACHINE_HAS_CFI || (cn_walker_step(&walker) == CN_STEP_DONE && walker.at.fp == 0x1230));
    assert_int_equal(munmap(pages, 8192), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recursion_of_any_depth),
        cmocka_unit_test(frames_of_any_size_in_the_frame_pointer),
        cmocka_unit_test(large_frames_without_a_frame_pointer),
        cmocka_unit_test(frames_that_realign_the_stack),
        cmocka_unit_test(callbacks_of_the_c_library),
        cmocka_unit_test(stacks_of_threads_end_where_the_thread_began),
        cmocka_unit_test(handlers_are_left_to_what_they_interrupted),
        cmocka_unit_test(handlers_on_a_stack_of_their_own),
        cmocka_unit_test(signals_at_any_instruction),
        cmocka_unit_test(modules_that_take_the_place_of_others),
        cmocka_unit_test(code_with_frame_pointers_alone_is_gone_through),
        cmocka_unit_test(popped_words_count_where_it_is_interrupted),
        cmocka_unit_test(stacks_of_nonsense_do_no_harm),
        cmocka_unit_test(stack_pointers_to_nowhere_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
