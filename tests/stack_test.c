/*
 * stack_test.c: what a thread remembers of its last walks never gives a stack but the true one (stack.h), whoever
 * calls, from whatever stack, and however deep.
 */
#define _GNU_SOURCE
#include "debug/stack.h"

#include <alloca.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

#include "debug/depot.h"
#include "tests/child.h"
#include "tests/stacks.h"
#include "tests/threads.h"

enum { DEPTH = 16 };

static bool is_kept(uint32_t id, const struct reference *reference, size_t depth) {
    const struct cn_depot_stack *stack = cn_depot_find(id);
    return stack != NULL && is_as_reference(reference, stack->frames, stack->count, depth);
}

/* The stack from its caller on, taken twice: the second time it may be remembered. */
static NOINLINE uint32_t capture(void) {
    struct cn_stack_start here = cn_stack_here();
    struct reference reference;
    uint32_t id = cn_stack_capture(&here);
    REFERENCE(&reference);
    MUST(is_kept(id, &reference, DEPTH));
    MUST(cn_stack_capture(&here) == id);
    return id;
}

/* ---- callers that change ------------------------------------------------------------------------------------- */

/* Calls one another as the digits of `path` say. Their frames are alike, so that the same places of the stack hold now
 * the one's words, now the other's. */
static NOINLINE uint32_t odd(uint64_t path);
static NOINLINE uint32_t even(uint64_t path);
static NOINLINE uint32_t framed(uint64_t path);

static inline __attribute__((always_inline)) uint32_t follow(uint64_t path) {
    uint32_t id;
    switch (path % 4) {
    case 0:
        id = capture();
        break;
    case 1:
        id = odd(path / 4);
        break;
    case 2:
        id = even(path / 4);
        break;
    default:
        id = framed(path / 4);
    }
    KEEP_FRAME();
    return id;
}

static NOINLINE uint32_t odd(uint64_t path) { return follow(path); }
static NOINLINE uint32_t even(uint64_t path) { return follow(path) + 0 * (uint32_t)hide_size(1); }

/* Keeps a frame pointer, since its frame's size is not known. */
static NOINLINE uint32_t framed(uint64_t path) {
    char *memory = alloca(16 + path % 2 * 64);
    (void)hide(memory);
    return follow(path);
}

static void changing_callers_are_never_mistaken(void **state) {
    enum { ROUNDS = 100000, FEW = 300 };
    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        uint64_t random = pattern_word(round % 2 != 0 ? round : round % FEW, 0);
        (void)follow(random >> (64 - 2 * (1 + random % 24)));
    }
}

static void equal_stacks_have_one_id(void **state) {
    uint32_t first = 0;
    (void)state;
    for (unsigned i = 0; i < hide_size(10); i++) { /* one call, which no compiler writes out ten times */
        uint32_t id = follow(0x1b);
        assert_true(first == 0 || id == first);
        first = id;
    }
}

/* ---- depth --------------------------------------------------------------------------------------------------- */

static NOINLINE void capture_at_depth(size_t depth, unsigned times) {
    if (times != 0) {
        capture_at_depth(depth, times - 1);
        KEEP_FRAME();
        return;
    }
    struct cn_stack_start here = cn_stack_here();
    struct reference reference;
    REFERENCE(&reference);
    cn_stack_set_depth(depth);
    for (unsigned again = 0; again < 2; again++) {
        uint32_t id = cn_stack_capture(&here);
        MUST(depth == 0 ? id == CN_DEPOT_NONE : is_kept(id, &reference, depth));
    }
    cn_stack_set_depth(DEPTH);
}

static void depth_is_what_was_set_last(void **state) {
    (void)state;
    for (unsigned times = 0; times < 70; times += 23) {
        for (size_t depth = 0; depth <= CN_FRAME_MAX_DEPTH; depth++) {
            capture_at_depth(depth, times);
        }
    }
}

static void depth_beyond_the_most_is_the_most(void **state) {
    (void)state;
    struct cn_stack_start here = cn_stack_here();
    cn_stack_set_depth(SIZE_MAX);
    const struct cn_depot_stack *stack = cn_depot_find(cn_stack_capture(&here));
    cn_stack_set_depth(DEPTH);
    assert_in_range(stack->count, 1, CN_FRAME_MAX_DEPTH);
}

/* ---- threads, forks ------------------------------------------------------------------------------------------ */

static void *capture_much(void *argument) {
    uint64_t seed = seed_of_thread();
    for (unsigned round = 0; round < 3000; round++) {
        (void)follow(pattern_word(seed, round) >> 30);
    }
    cn_stack_thread_ends();
    (void)follow(seed >> 30); /* a destructor that is called later */
    return argument;
}

static void threads_find_their_own_stacks(void **state) {
    (void)state;
    for (unsigned generation = 0; generation < 5; generation++) {
        run_threads(6, capture_much, NULL);
    }
}

static void capture_in_child(void *argument) {
    cn_stack_after_fork();
    (void)capture_much(argument);
    run_threads(3, capture_much, NULL);
}

static NOINLINE void capture_often(unsigned depth) {
    enum { CAPTURES = 20000 };
    struct cn_stack_start here = cn_stack_here();
    for (unsigned i = 0; depth == 0 && i < CAPTURES; i++) {
        (void)cn_stack_capture(&here);
    }
    if (depth != 0) {
        capture_often(depth - 1);
    }
    KEEP_FRAME();
}

static uint64_t thread_ns(void) {
    struct timespec now;
    MUST(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The least of some tries, in ns. */
static uint64_t time_captures(void) {
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < 10; i++) {
        uint64_t began = thread_ns();
        capture_often(DEPTH);
        uint64_t ns = thread_ns() - began;
        least = ns < least ? ns : least;
    }
    return least;
}

static void *time_in_thread(void *argument) {
    *(uint64_t *)argument = time_captures();
    cn_stack_thread_ends();
    return NULL;
}

static uint64_t time_of_a_thread(void) {
    pthread_t thread;
    uint64_t ns;
    assert_int_equal(pthread_create(&thread, NULL, time_in_thread, &ns), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return ns;
}

/* Each takes over what the one before it has left. Where one takes longer, the machine may have become slower: then the
 * two are timed again. */
static void threads_that_come_later_remember_as_well(void **state) {
    uint64_t of_main = time_captures();
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        uint64_t ns = time_of_a_thread();
        for (unsigned tries = 0; tries < 3 && ns >= of_main + of_main / 2; tries++) {
            of_main = time_captures();
            ns = time_of_a_thread();
        }
        assert_true(ns < of_main + of_main / 2);
    }
}

static void child_of_a_fork_goes_on(void **state) {
    (void)state;
    (void)capture();
    struct child_end end = run_in_child(capture_in_child, NULL, 60);
    assert_true(child_succeeded(&end));
}

/* ---- signals ------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t handled;

static void capture_in_handler(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)info;
    (void)capture();
    const struct cn_depot_stack *stack = cn_depot_find(cn_stack_capture_interrupted(context));
    MUST(stack != NULL && (stack->frames[0] & CN_FRAME_INTERRUPTED) != 0);
    handled = handled + 1;
}

static void handlers_within_captures_disturb_nothing(void **state) {
    enum { SIGNALS = 300, MICROSECONDS = 300 };
    struct sigaction action = {.sa_sigaction = capture_in_handler, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct itimerval often = {{0, MICROSECONDS}, {0, MICROSECONDS}};
    struct itimerval never = {{0, 0}, {0, 0}};
    (void)state;
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    for (uint64_t round = 0; handled < SIGNALS; round++) {
        (void)follow(pattern_word(round % 100, 0) >> 40);
    }
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
}

static uint32_t id_of_fault;

static void note_fault(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)info;
    id_of_fault = cn_stack_capture_interrupted(context);
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2; /* over the instruction */
}

static NOINLINE void fault(void) { __asm__ volatile("ud2"); }

static void interrupted_instruction_comes_first(void **state) {
    struct sigaction action = {.sa_sigaction = note_fault, .sa_flags = SA_SIGINFO};
    (void)state;
    assert_int_equal(sigaction(SIGILL, &action, NULL), 0);
    fault();
    KEEP_FRAME();
    const struct cn_depot_stack *stack = cn_depot_find(id_of_fault);
    assert_true((stack->frames[0] & CN_FRAME_INTERRUPTED) != 0);
    assert_in_range(cn_frame_instruction(stack->frames[0]), (uintptr_t)fault, (uintptr_t)fault + 16);
    assert_in_range(stack->frames[1], (uintptr_t)interrupted_instruction_comes_first,
                    (uintptr_t)interrupted_instruction_comes_first + 1024);
}

/* ---- other stacks -------------------------------------------------------------------------------------------- */

enum { PAGE = 4096, FIBER_PAGES = 8 };

static ucontext_t main_context;
static ucontext_t fiber_context;

static void run_fiber(void) {
    for (;;) {
        (void)follow(0x1b6d);
        (void)follow(0x7);
        MUST(swapcontext(&fiber_context, &main_context) == 0);
    }
}

/* Between pages that cannot be read, `shift` pages further on than usual. */
static char *map_fiber(char *area, size_t shift) {
    char *stack = area + (1 + shift) * PAGE;
    MUST(mprotect(area, 2 * FIBER_PAGES * PAGE, PROT_NONE) == 0);
    MUST(mprotect(stack, FIBER_PAGES * PAGE, PROT_READ | PROT_WRITE) == 0);
    memset(stack, 0, FIBER_PAGES * PAGE);
    return stack;
}

/* A stack that comes where another was, with its end where that one's middle was. */
static void stacks_that_change_places_do_no_harm(void **state) {
    (void)state;
    char *area = mmap(NULL, 2 * FIBER_PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(area != MAP_FAILED);
    for (size_t round = 0; round < 40; round++) {
        assert_int_equal(getcontext(&fiber_context), 0);
        fiber_context.uc_stack.ss_sp = map_fiber(area, round * 5 % (FIBER_PAGES - 2));
        fiber_context.uc_stack.ss_size = FIBER_PAGES * PAGE;
        makecontext(&fiber_context, run_fiber, 0);
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(swapcontext(&main_context, &fiber_context), 0);
            (void)follow(0x1b + round % 2);
        }
    }
    assert_int_equal(munmap(area, 2 * FIBER_PAGES * PAGE), 0);
}

int main(void) {
    cn_stack_set_depth(DEPTH);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changing_callers_are_never_mistaken),
        cmocka_unit_test(equal_stacks_have_one_id),
        cmocka_unit_test(depth_is_what_was_set_last),
        cmocka_unit_test(depth_beyond_the_most_is_the_most),
        cmocka_unit_test(threads_find_their_own_stacks),
        cmocka_unit_test(threads_that_come_later_remember_as_well),
        cmocka_unit_test(child_of_a_fork_goes_on),
        cmocka_unit_test(handlers_within_captures_disturb_nothing),
        cmocka_unit_test(interrupted_instruction_comes_first),
        cmocka_unit_test(stacks_that_change_places_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
