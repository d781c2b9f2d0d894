/*
 * arena_clear_test.c: how slots become zero (arena.h): whatever the system says of their pages, and whatever it
 * refuses; and which of them are in memory afterwards. The system's mincore and madvise stand here, to say and refuse
 * it.
 */
#define _GNU_SOURCE
#include "alloc/arena.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/arenas.h"

/* ---- the system ---------------------------------------------------------------------------------------------- */

enum answer { ANSWER_TRUE, ANSWER_NOTHING, ANSWER_ALL, ANSWER_NONE };

static enum answer answer; /* which pages are in memory: as it is, no page, all, or the call fails */
static bool is_advice_refused;
static size_t questions;
static size_t purges;

int mincore(void *memory, size_t bytes, unsigned char *states) {
    questions++;
    if (answer == ANSWER_TRUE) {
        return (int)syscall(SYS_mincore, memory, bytes, states);
    }
    memset(states, answer == ANSWER_ALL ? 1 : 0, bytes / (size_t)sysconf(_SC_PAGESIZE));
    errno = ENOMEM;
    return answer == ANSWER_NONE ? -1 : 0;
}

int madvise(void *memory, size_t bytes, int advice) {
    purges += advice == MADV_DONTNEED ? 1 : 0;
    if (is_advice_refused && advice == MADV_DONTNEED) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_madvise, memory, bytes, advice);
}

/* ---- runs ---------------------------------------------------------------------------------------------------- */

enum { RUN_SLOTS = 3 * CN_ARENA_SLOTS + 5 };

static const size_t run_bytes = (size_t)RUN_SLOTS * CN_SLOT_BYTES;

static size_t resident(void) {
    enum answer real = answer;
    answer = ANSWER_TRUE;
    size_t bytes = cn_arena_resident_bytes();
    answer = real;
    return bytes;
}

static char *take(void) {
    size_t first = cn_arena_take(RUN_SLOTS, 1);
    MUST(first == 0);
    return cn_slot_address(first);
}

/* The run of before once more, and zero. */
static char *take_cleared(void) {
    cn_arena_give(0, RUN_SLOTS);
    char *start = take();
    cn_arena_clear(0, RUN_SLOTS);
    return start;
}

static char *take_first(void) {
    fresh_arenas(0);
    char *start = take();
    MUST(madvise(start, run_bytes, MADV_NOHUGEPAGE) == 0);
    return start;
}

static void touch_every(char *start, size_t distance) {
    for (size_t at = distance / 2; at < run_bytes; at += distance) {
        start[at] = 1;
    }
}

/* ---- what is in memory --------------------------------------------------------------------------------------- */

static void clear_what_holds_little(void *argument) {
    (void)argument;
    char *start = take_first();
    touch_every(start, MIB);
    (void)take_cleared();
    MUST(resident() <= 5 * CN_SLOT_BYTES); /* the short run in the last arena */
    MUST(is_zero(start, run_bytes));
    MUST(cn_count_of(&cn_counts.purged_bytes) == 3 * CN_ARENA_BYTES / MIB * cn_os_page_bytes());
    check_all();
}

static void what_holds_little_is_not_made_resident(void **state) {
    (void)state;
    expect_return(clear_what_holds_little, NULL);
}

static void clear_what_is_full(void *argument) {
    (void)argument;
    char *start = take_first();
    memset(start, 1, run_bytes);
    (void)take_cleared();
    MUST(purges == 0 && resident() == run_bytes && is_zero(start, run_bytes));
    check_all();
}

static void what_was_used_stays_in_memory(void **state) {
    (void)state;
    expect_return(clear_what_is_full, NULL);
}

static void clear_a_beginning(void *argument) {
    (void)argument;
    const size_t used = 2 * MIB + MIB / 2;
    char *start = take_first();
    memset(start, 1, used);
    (void)take_cleared();
    MUST(resident() >= used && resident() <= used + 5 * CN_SLOT_BYTES);
    MUST(is_zero(start, run_bytes));
    check_all();
}

static void only_what_was_used_stays_in_memory(void **state) {
    (void)state;
    expect_return(clear_a_beginning, NULL);
}

static void clear_full_and_empty_in_turn(void *argument) {
    (void)argument;
    char *start = take_first();
    touch_every(start, CN_SLOT_BYTES);
    for (size_t slot = 0; slot < RUN_SLOTS; slot += 2) {
        memset(start + slot * CN_SLOT_BYTES, 1, CN_SLOT_BYTES);
    }
    (void)take_cleared();
    MUST(resident() >= RUN_SLOTS / 2 * (size_t)CN_SLOT_BYTES);
    MUST(resident() <= (RUN_SLOTS / 2 + 5) * (size_t)CN_SLOT_BYTES);
    MUST(is_zero(start, run_bytes));
    check_all();
}

static void slots_that_are_full_and_empty_in_turn_are_zero(void **state) {
    (void)state;
    expect_return(clear_full_and_empty_in_turn, NULL);
}

static void clear_short_runs(void *argument) {
    (void)argument;
    fresh_arenas(0);
    for (size_t count = 1; count < CN_ASK_MIN_BYTES / CN_SLOT_BYTES; count++) {
        size_t first = cn_arena_take(count, 1);
        memset(cn_slot_address(first), 1, count * CN_SLOT_BYTES);
        cn_arena_give(first, count);
        MUST(cn_arena_take(count, 1) == first);
        cn_arena_clear(first, count);
        MUST(is_zero(cn_slot_address(first), count * CN_SLOT_BYTES));
        cn_arena_give(first, count);
    }
    MUST(questions == 0);
}

static void short_runs_are_cleared_without_a_question(void **state) {
    (void)state;
    expect_return(clear_short_runs, NULL);
}

/* ---- what is zero -------------------------------------------------------------------------------------------- */

/* What is written at every `distance` bytes, whatever is said and refused of it. */
static void clear_written(size_t distance, enum answer said, bool refuses) {
    is_advice_refused = false;
    char *start = take_first();
    touch_every(start, distance);
    answer = said;
    is_advice_refused = refuses;
    MUST(is_zero(take_cleared(), run_bytes));
    check_all();
}

static void clear_whatever_is_said(void *argument) {
    const enum answer *said = argument;
    for (size_t pages = 1; pages < 100; pages = pages * 3 + 1) {
        clear_written(pages * cn_os_page_bytes(), *said, false);
        clear_written(pages * cn_os_page_bytes(), *said, true);
    }
}

/* As is said of what is swapped out: it holds bytes all the same. */
static void what_is_said_not_to_be_in_memory_is_zero(void **state) {
    (void)state;
    enum answer nothing = ANSWER_NOTHING;
    expect_return(clear_whatever_is_said, &nothing);
}

static void what_the_system_says_nothing_of_is_zero(void **state) {
    (void)state;
    enum answer none = ANSWER_NONE;
    expect_return(clear_whatever_is_said, &none);
}

static void what_the_system_does_not_take_back_is_zero(void **state) {
    (void)state;
    enum answer real = ANSWER_TRUE;
    enum answer all = ANSWER_ALL;
    expect_return(clear_whatever_is_said, &real);
    expect_return(clear_whatever_is_said, &all);
}

/* A part of what was locked by the program lies within the run. */
static void clear_locked(void *argument) {
    char *start = take_first();
    touch_every(start, MIB);
    if (syscall(SYS_mlock, start + MIB, 4 * cn_os_page_bytes()) == 0) {
        memset(start + MIB, 1, 4 * cn_os_page_bytes());
    }
    MUST(argument == NULL && is_zero(take_cleared(), run_bytes));
    check_all();
}

static void locked_memory_is_zero(void **state) {
    (void)state;
    expect_return(clear_locked, NULL);
}

/* Pages that were moved are of another mapping. */
static void clear_moved(void *argument) {
    (void)argument;
    char *start = take_first();
    memset(start, 1, 2 * MIB);
    MUST(cn_os_move(start, start + 4 * MIB, 2 * MIB) != CN_MOVE_LOST);
    start[5 * MIB + 1] = 1;
    MUST(is_zero(take_cleared(), run_bytes));
    check_all();
}

static void moved_pages_are_zero(void **state) {
    (void)state;
    expect_return(clear_moved, NULL);
}

static void clear_in_a_child(void *argument) {
    (void)argument;
    char *start = take_first();
    memset(start, 1, CN_ARENA_BYTES);
    touch_every(start, MIB);
    pid_t child = fork();
    if (child == 0) {
        _exit(is_zero(take_cleared(), run_bytes) ? 0 : 1);
    }
    int status = 1;
    MUST(waitpid(child, &status, 0) == child && status == 0);
    MUST(start[0] == 1 && start[run_bytes - MIB / 2] == 0 && start[10 * MIB + MIB / 2] == 1);
}

static void clearing_in_a_child_leaves_the_parents_bytes(void **state) {
    (void)state;
    expect_return(clear_in_a_child, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_holds_little_is_not_made_resident),
        cmocka_unit_test(what_was_used_stays_in_memory),
        cmocka_unit_test(only_what_was_used_stays_in_memory),
        cmocka_unit_test(slots_that_are_full_and_empty_in_turn_are_zero),
        cmocka_unit_test(short_runs_are_cleared_without_a_question),
        cmocka_unit_test(what_is_said_not_to_be_in_memory_is_zero),
        cmocka_unit_test(what_the_system_says_nothing_of_is_zero),
        cmocka_unit_test(what_the_system_does_not_take_back_is_zero),
        cmocka_unit_test(locked_memory_is_zero),
        cmocka_unit_test(moved_pages_are_zero),
        cmocka_unit_test(clearing_in_a_child_leaves_the_parents_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
