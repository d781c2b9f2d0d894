/*
 * steps.h: runs a function in a thread of its own for a number of machine instructions and holds it there, so that a
 * test can do other things between any two of them. What would need luck with two threads is then tried step by step.
 * Only on x86-64, whose trap flag it uses; elsewhere CAN_STEP is 0. One thread is stepped at a time.
 */
#ifndef CAIRN_TESTS_STEPS_H
#define CAIRN_TESTS_STEPS_H

#include <sched.h>
#include <signal.h>
#include <ucontext.h>

#include "tests/child.h"
#include "tests/threads.h"

enum { TRAP_FLAG = 0x100 };

static struct {
    pthread_t thread;
    void (*run)(void *);
    void *argument;
    size_t left; /* instructions until it is held; the stepped thread's own */
    _Atomic bool is_held;
    _Atomic bool may_go_on;
    _Atomic bool has_ended;
} stepped;

#if defined(__x86_64__)
enum { CAN_STEP = 1 };
static inline greg_t *flags_of(ucontext_t *context) { return &context->uc_mcontext.gregs[REG_EFL]; }
#else
enum { CAN_STEP = 0 };
static inline greg_t *flags_of(ucontext_t *context) {
    static greg_t none;
    (void)context;
    return &none;
}
#endif

/* Comes after each instruction for as long as it leaves the trap flag set. */
static inline void on_step(int signal, siginfo_t *info, void *context) {
    (void)signal;
    (void)info;
    greg_t *flags = flags_of(context);
    if (!atomic_load(&stepped.has_ended) && stepped.left-- > 0) {
        *flags |= TRAP_FLAG;
        return;
    }
    *flags &= ~(greg_t)TRAP_FLAG;
    if (!atomic_load(&stepped.has_ended)) {
        atomic_store(&stepped.is_held, true);
        while (!atomic_load(&stepped.may_go_on)) {
            sched_yield();
        }
    }
}

static inline void *run_by_steps(void *argument) {
    MUST(raise(SIGTRAP) == 0);
    stepped.run(stepped.argument);
    atomic_store(&stepped.has_ended, true);
    return argument;
}

/* Starts run(argument). True where it is held now, after so many steps; false where it came to its end before. */
static inline bool hold_after(size_t steps, void (*run)(void *), void *argument) {
    struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};
    MUST(sigaction(SIGTRAP, &action, NULL) == 0);
    stepped.run = run;
    stepped.argument = argument;
    stepped.left = steps;
    atomic_store(&stepped.is_held, false);
    atomic_store(&stepped.may_go_on, false);
    atomic_store(&stepped.has_ended, false);
    MUST(pthread_create(&stepped.thread, NULL, run_by_steps, NULL) == 0);
    while (!atomic_load(&stepped.is_held) && !atomic_load(&stepped.has_ended)) {
        sched_yield();
    }
    return atomic_load(&stepped.is_held);
}

/* Lets the function go on, and waits for its end. */
static inline void let_go(void) {
    atomic_store(&stepped.may_go_on, true);
    MUST(pthread_join(stepped.thread, NULL) == 0);
}

#define WAS_HELD "the thread was held\n"

/* As hold_after, in a child that lets its parent know. */
static inline void hold_and_say(size_t steps, void (*run)(void *), void *argument) {
    if (hold_after(steps, run, argument)) {
        (void)fputs(WAS_HELD, stderr);
    }
}

static inline bool was_held(const struct child_end *end) { return strstr(end->text, WAS_HELD) != NULL; }

/* Waits for the thread's end, but not for ever. True where it came. */
static inline bool ends_within(pthread_t thread, long milliseconds) {
    enum { MILLISECONDS_IN_SECOND = 1000, NANOSECONDS_IN_MILLISECOND = 1000000 };
    struct timespec deadline;
    MUST(clock_gettime(CLOCK_REALTIME, &deadline) == 0);
    long more = deadline.tv_nsec / NANOSECONDS_IN_MILLISECOND + milliseconds;
    deadline.tv_sec += more / MILLISECONDS_IN_SECOND;
    deadline.tv_nsec = more % MILLISECONDS_IN_SECOND * NANOSECONDS_IN_MILLISECOND;
    return pthread_timedjoin_np(thread, NULL, &deadline) == 0;
}

#endif
