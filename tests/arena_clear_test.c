/*
 * arena_clear_test.c: how slots become zero (arena.h), whatever the system refuses, and which of them are in memory afterwards.
 * The system's mincore and madvise stand here: the one is never called, the other may refuse.
 */
#define _GNU_SOURCE
#include "alloc/arena.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/arenas.h"

/* ---- the system ---------------------------------------------------------------------------------------------- */

static bool is_advice_refused;
static size_t questions;
static size_t purges;

int mincore(void *memory, size_t bytes, unsigned char *states) {
    questions++;
    return (int)syscall(SYS_mincore, memory, bytes, states);
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

enum { SHORT_SLOTS = CN_CLEAR_MAX_BYTES / CN_SLOT_BYTES, LONG_SLOTS = SHORT_SLOTS + 1 };

static size_t bytes_of(size_t slots) { return slots * CN_SLOT_BYTES; }

static char *take(size_t slots) {
    MUST(cn_arena_take(slots, 1) == 0);
    return cn_slot_address(0);
}

/* The run of before once more, and zero. */
static char *take_cleared(size_t slots) {
    cn_arena_give(0, slots);
    char *start = take(slots);
    purges = 0;
    questions = 0;
    cn_arena_clear(0, slots);
    MUST(questions == 0);
    return start;
}

static char *take_first(size_t slots) {
    fresh_arenas(0);
    char *start = take(slots);
    MUST(madvise(start, bytes_of(slots), MADV_NOHUGEPAGE) == 0);
    return start;
}

static void touch_every(char *start, size_t bytes, size_t distance) {
    for (size_t at = distance / 2; at < bytes; at += distance) {
        start[at] = 1;
    }
}

/* ---- what is in memory --------------------------------------------------------------------------------------- */

static void clear_a_long_run(void *argument) {
    (void)argument;
    char *start = take_first(LONG_SLOTS);
    touch_every(start, bytes_of(LONG_SLOTS), MIB);
    (void)take_cleared(LONG_SLOTS);
    MUST(cn_arena_resident_bytes() == 0);
    MUST(is_zero(start, bytes_of(LONG_SLOTS)));
    MUST(cn_count_of(&cn_counts.purged_bytes) == bytes_of(LONG_SLOTS));
    check_all();
}

static void a_long_run_is_not_made_resident(void **state) {
    (void)state;
    expect_return(clear_a_long_run, NULL);
}

static void clear_a_short_run(void *argument) {
    (void)argument;
    char *start = take_first(SHORT_SLOTS);
    memset(start, 1, bytes_of(SHORT_SLOTS));
    (void)take_cleared(SHORT_SLOTS);
    MUST(purges == 0 && cn_arena_resident_bytes() == bytes_of(SHORT_SLOTS));
    MUST(is_zero(start, bytes_of(SHORT_SLOTS)));
    check_all();
}

static void a_short_run_stays_in_memory(void **state) {
    (void)state;
    expect_return(clear_a_short_run, NULL);
}

/* ---- what is zero -------------------------------------------------------------------------------------------- */

/* What is written at every `distance` bytes, whether the system takes it back or not. */
static void clear_written(size_t slots, size_t distance, bool refuses) {
    is_advice_refused = false;
    char *start = take_first(slots);
    touch_every(start, bytes_of(slots), distance);
    is_advice_refused = refuses;
    MUST(is_zero(take_cleared(slots), bytes_of(slots)));
    check_all();
}

static void clear_whatever_is_written(void *argument) {
    bool refuses = argument != NULL;
    for (size_t pages = 1; pages < 100; pages = pages * 3 + 1) {
        clear_written(SHORT_SLOTS, pages * cn_os_page_bytes(), refuses);
        clear_written(LONG_SLOTS, pages * cn_os_page_bytes(), refuses);
        clear_written(LONG_SLOTS + CN_ARENA_SLOTS / 2, pages * cn_os_page_bytes(), refuses);
    }
}

static void what_the_system_takes_back_is_zero(void **state) {
    (void)state;
    expect_return(clear_whatever_is_written, NULL);
}

static void what_the_system_does_not_take_back_is_zero(void **state) {
    (void)state;
    expect_return(clear_whatever_is_written, &is_advice_refused);
}

/* A part of what was locked by the program lies within the run. */
static void clear_locked(void *argument) {
    char *start = take_first(LONG_SLOTS);
    touch_every(start, bytes_of(LONG_SLOTS), MIB);
    if (syscall(SYS_mlock, start + MIB, 4 * cn_os_page_bytes()) == 0) {
        memset(start + MIB, 1, 4 * cn_os_page_bytes());
    }
    MUST(argument == NULL && is_zero(take_cleared(LONG_SLOTS), bytes_of(LONG_SLOTS)));
    check_all();
}

static void locked_memory_is_zero(void **state) {
    (void)state;
    expect_return(clear_locked, NULL);
}

/* Pages that were moved are of another mapping. */
static void clear_moved(void *argument) {
    (void)argument;
    char *start = take_first(LONG_SLOTS);
    memset(start, 1, 2 * MIB);
    MUST(cn_os_move(start, 2 * MIB, start + 4 * MIB, 2 * MIB) != CN_MOVE_LOST);
    start[5 * MIB + 1] = 1;
    MUST(is_zero(take_cleared(LONG_SLOTS), bytes_of(LONG_SLOTS)));
    check_all();
}

static void moved_pages_are_zero(void **state) {
    (void)state;
    expect_return(clear_moved, NULL);
}

static void clear_in_a_child(void *argument) {
    (void)argument;
    char *start = take_first(LONG_SLOTS);
    memset(start, 1, CN_ARENA_BYTES);
    pid_t child = fork();
    if (child == 0) {
        _exit(is_zero(take_cleared(LONG_SLOTS), bytes_of(LONG_SLOTS)) ? 0 : 1);
    }
    int status = 1;
    MUST(waitpid(child, &status, 0) == child && status == 0);
    MUST(start[0] == 1 && start[CN_ARENA_BYTES - 1] == 1 && start[CN_ARENA_BYTES] == 0);
}

static void clearing_in_a_child_leaves_the_parents_bytes(void **state) {
    (void)state;
    expect_return(clear_in_a_child, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_run_is_not_made_resident),
        cmocka_unit_test(a_short_run_stays_in_memory),
        cmocka_unit_test(what_the_system_takes_back_is_zero),
        cmocka_unit_test(what_the_system_does_not_take_back_is_zero),
        cmocka_unit_test(locked_memory_is_zero),
        cmocka_unit_test(moved_pages_are_zero),
        cmocka_unit_test(clearing_in_a_child_leaves_the_parents_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
