/*
 * trail_test.c: a walk that goes on where the one before it was finds what one by itself finds (trail.h), whoever
 * called in between, and from whatever depth.
 */
#define _GNU_SOURCE
#include "debug/trail.h"

#include <alloca.h>
#include <string.h>

#include "debug/depot.h"
#include "tests/child.h"
#include "tests/stacks.h"

enum { DEPTH = 16, ROUNDS = 100000 };

static struct cn_trail trail;
static struct cn_readable readable;

static NOINLINE unsigned check(size_t depth) {
    struct cn_registers here = cn_machine_here();
    struct cn_readable own = {0};
    struct cn_walk walk;
    uintptr_t frames[CN_FRAME_MAX_DEPTH];
    size_t count = cn_trail_follow(&trail, &here, depth, &readable);
    cn_unwind(&here, CN_UNWIND_FROM_CALL, depth, &own, &walk);
    MUST(count == walk.count);
    cn_trail_copy(&trail, count, frames);
    MUST(memcmp(frames, walk.frames, count * sizeof *frames) == 0);
    uint32_t id = cn_depot_put(frames, count);
    MUST(cn_depot_recall(cn_trail_hash(&trail, count), count) == id);
    return 1;
}

/* Calls one another as the digits of `path` say; their frames are alike. */
static NOINLINE unsigned odd(uint64_t path, size_t depth);
static NOINLINE unsigned even(uint64_t path, size_t depth);
static NOINLINE unsigned framed(uint64_t path, size_t depth);

static inline __attribute__((always_inline)) unsigned follow(uint64_t path, size_t depth) {
    unsigned done = 0;
    switch (path % 4) {
    case 0:
        done = check(depth);
        break;
    case 1:
        done = odd(path / 4, depth);
        break;
    case 2:
        done = even(path / 4, depth);
        break;
    default:
        done = framed(path / 4, depth);
    }
    KEEP_FRAME();
    return done;
}

static NOINLINE unsigned odd(uint64_t path, size_t depth) { return follow(path, depth); }
static NOINLINE unsigned even(uint64_t path, size_t depth) { return follow(path, depth) + 0 * (unsigned)hide_size(1); }

/* Keeps a frame pointer, since its frame's size is not known. */
static NOINLINE unsigned framed(uint64_t path, size_t depth) {
    char *memory = alloca(16 + path % 2 * 64);
    (void)hide(memory);
    return follow(path, depth);
}

static uint64_t path_of(uint64_t round) {
    uint64_t random = pattern_word(round, 0);
    return random >> (64 - 2 * (1 + random % 24));
}

static void walks_on_the_trail_find_what_others_find(void **state) {
    (void)state;
    cn_trail_init(&trail);
    unsigned done = 0;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        done += follow(path_of(round), DEPTH);
    }
    assert_int_equal(done, ROUNDS);
}

static void walks_of_any_depth_find_what_others_find(void **state) {
    (void)state;
    cn_trail_init(&trail);
    unsigned done = 0;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        done += follow(path_of(round), 1 + pattern_word(round, 1) % CN_FRAME_MAX_DEPTH);
    }
    assert_int_equal(done, ROUNDS);
}

/* Deeper than the ring is long, and back. */
static NOINLINE unsigned dive(unsigned times) {
    unsigned done = times != 0 ? dive(times - 1) : 0;
    done += check(DEPTH);
    KEEP_FRAME();
    return done;
}

static void trail_outlives_a_deep_dive(void **state) {
    enum { TIMES = 3 * CN_TRAIL_FRAMES };
    (void)state;
    cn_trail_init(&trail);
    assert_int_equal(dive(TIMES), TIMES + 1);
    assert_int_equal(dive(TIMES), TIMES + 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_on_the_trail_find_what_others_find),
        cmocka_unit_test(walks_of_any_depth_find_what_others_find),
        cmocka_unit_test(trail_outlives_a_deep_dive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
