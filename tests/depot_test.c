/*
 * depot_test.c: stacks are kept once, by ids that stay good (depot.h): with many threads at it, and when memory is
 * short.
 */
#define _GNU_SOURCE
#include "debug/depot.h"

#include <sys/mman.h>

#include "tests/child.h"
#include "tests/threads.h"

enum { DEPTH = 16, STACKS = 20000, THREADS = 8 };

struct stack {
    size_t count;
    uintptr_t frames[CN_FRAME_MAX_DEPTH];
};

/* The stack number `n`: many share their beginning, and many their end. */
static struct stack stack_of(uint64_t n) {
    struct stack stack = {.count = 1 + n % DEPTH};
    for (size_t i = 0; i < stack.count; i++) {
        stack.frames[i] = i % 5 == 0 ? pattern_word(n, i) >> 16 : 0x400000 + i;
    }
    return stack;
}

static uint32_t put(uint64_t n) {
    struct stack stack = stack_of(n);
    return cn_depot_put(stack.frames, stack.count);
}

static bool is_kept_as(uint32_t id, uint64_t n) {
    struct stack stack = stack_of(n);
    const struct cn_depot_stack *kept = cn_depot_find(id);
    return kept != NULL && kept->count == stack.count &&
           memcmp(kept->frames, stack.frames, stack.count * sizeof stack.frames[0]) == 0;
}

static void equal_stacks_have_one_id_and_others_another(void **state) {
    (void)state;
    static uint32_t ids[STACKS];
    for (uint64_t n = 0; n < STACKS; n++) {
        ids[n] = put(n);
        assert_true(ids[n] > CN_DEPOT_FULL);
    }
    for (uint64_t n = 0; n < STACKS; n++) {
        assert_int_equal(put(n), ids[n]);
        assert_true(is_kept_as(ids[n], n)); /* so that no two are the same */
    }
    assert_in_range(cn_depot_bytes(), STACKS * 8, STACKS * 400);
}

static void stacks_of_every_depth_are_kept(void **state) {
    (void)state;
    struct stack stack;
    for (size_t i = 0; i < CN_FRAME_MAX_DEPTH; i++) {
        stack.frames[i] = 0x500000 + i;
    }
    for (size_t count = 1; count <= CN_FRAME_MAX_DEPTH; count++) {
        const struct cn_depot_stack *kept = cn_depot_find(cn_depot_put(stack.frames, count));
        assert_non_null(kept);
        assert_int_equal(kept->count, count);
        assert_memory_equal(kept->frames, stack.frames, count * sizeof stack.frames[0]);
    }
}

static void ids_that_are_of_no_stack_find_none(void **state) {
    (void)state;
    assert_null(cn_depot_find(CN_DEPOT_NONE));
    assert_null(cn_depot_find(CN_DEPOT_FULL));
    assert_null(cn_depot_find(UINT32_MAX));
    assert_int_equal(cn_depot_site_hash(CN_DEPOT_NONE), 0);
    assert_int_equal(cn_depot_site_hash(CN_DEPOT_FULL), 0);
}

/* ---- threads ------------------------------------------------------------------------------------------------- */

enum { SHARED = 1000000 }; /* stacks from this number on */

static _Atomic unsigned arrived;

/* All at once, each in an order of its own. */
static void *put_all(void *argument) {
    uint64_t step = 1 + 2 * (seed_of_thread() % 1000);
    atomic_fetch_add(&arrived, 1);
    while (atomic_load(&arrived) < THREADS) {
    }
    for (uint64_t i = 0; i < STACKS; i++) {
        uint64_t n = SHARED + i * step % (1 << 14);
        uint32_t id = put(n);
        MUST(is_kept_as(id, n));
        MUST(is_kept_as(put(n), n));
    }
    return argument;
}

static void threads_that_put_the_same_stacks_find_them_all(void **state) {
    (void)state;
    size_t bytes = cn_depot_bytes();
    run_threads(THREADS, put_all, NULL);
    for (uint64_t n = SHARED; n < SHARED + (1 << 14); n++) {
        uint32_t id = put(n);
        assert_true(is_kept_as(id, n));
        assert_int_equal(put(n), id);
    }
    assert_in_range(cn_depot_bytes() - bytes, 0, ((size_t)1 << 14) * 400);
}

/* ---- short memory -------------------------------------------------------------------------------------------- */

static void limit_address_space(void) {
    struct rlimit limit = {64 * MIB, 64 * MIB};
    MUST(setrlimit(RLIMIT_AS, &limit) == 0);
}

static void map_a_little(void *argument) {
    (void)argument;
    limit_address_space();
    MUST(mmap(NULL, MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

static void fill(void *argument) {
    uint32_t known = put(1);
    uint32_t id = known;
    (void)argument;
    limit_address_space();
    for (uint64_t n = 1 << 24; id != CN_DEPOT_FULL; n++) {
        id = put(n);
        MUST(id == CN_DEPOT_FULL || is_kept_as(id, n));
    }
    MUST(put(1) == known);
    MUST(cn_depot_bytes() <= 64 * MIB);
}

static void full_depot_says_so_and_finds_what_it_has(void **state) {
    (void)state;
    struct child_end little = run_in_child(map_a_little, NULL, 60);
    if (!child_succeeded(&little)) {
        skip(); /* a sanitizer's own reservations are beyond any limit */
    }
    struct child_end end = run_in_child(fill, NULL, 60);
    assert_true(child_succeeded(&end));
}

/* ---- sites --------------------------------------------------------------------------------------------------- */

static uint64_t site_of(const uintptr_t *frames, size_t count) {
    return cn_depot_site_hash(cn_depot_put(frames, count));
}

static uint64_t site_of_code(size_t outermost) {
    uintptr_t here = (uintptr_t)site_of;
    uintptr_t frames[] = {here + 1, here + 2, (uintptr_t)put + 3, (uintptr_t)run_threads, here + outermost};
    return site_of(frames, 5);
}

static void sites_are_of_the_innermost_frames(void **state) {
    (void)state;
    uintptr_t here = (uintptr_t)site_of;
    uintptr_t frames[] = {here + 1, here + 9, here + 3};
    uint64_t site = site_of(frames, 3);
    assert_int_equal(site_of_code(7), site_of_code(8));
    frames[0]++;
    assert_true(site_of(frames, 3) != site);
    frames[0]--;
    assert_int_equal(site_of(frames, 3), site);
}

/* What a run of this program says of itself. */
struct run {
    unsigned long long site;
    unsigned long long address;
};

static struct run run_again(void) {
    struct run run = {0, 0};
    char program[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - sizeof " site");
    MUST(length > 0);
    memcpy(program + length, " site", sizeof " site");
    FILE *output = popen(program, "r"); // NOLINT: the program itself
    MUST(output != NULL && fscanf(output, "%llx %llx", &run.site, &run.address) == 2);
    MUST(pclose(output) == 0);
    return run;
}

static void sites_are_the_same_in_the_next_run(void **state) {
    (void)state;
    bool has_moved = false;
    for (unsigned i = 0; i < 5; i++) {
        struct run run = run_again();
        assert_int_equal(run.site, site_of_code(1));
        has_moved = has_moved || run.address != (uintptr_t)site_of;
    }
    if (!has_moved) {
        print_message("# this system does not move programs\n");
    }
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_stacks_have_one_id_and_others_another),
        cmocka_unit_test(stacks_of_every_depth_are_kept),
        cmocka_unit_test(ids_that_are_of_no_stack_find_none),
        cmocka_unit_test(threads_that_put_the_same_stacks_find_them_all),
        cmocka_unit_test(full_depot_says_so_and_finds_what_it_has),
        cmocka_unit_test(sites_are_of_the_innermost_frames),
        cmocka_unit_test(sites_are_the_same_in_the_next_run),
    };
    if (argc == 2 && strcmp(argv[1], "site") == 0) {
        printf("%llx %llx\n", (unsigned long long)site_of_code(1), (unsigned long long)(uintptr_t)site_of);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
