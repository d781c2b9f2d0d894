/*
 * oom_test.c: allocation under RLIMIT_AS and RLIMIT_DATA. The program runs itself anew under each limit, so that the
 * allocator starts within it, takes blocks until there are no more, and requires that the end is NULL with ENOMEM, that
 * most of what the limit allows was served, and that all of it can be freed and served again.
 */
#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/dropin.h"
#include "tests/threads.h"

/* What a process with its libraries, stacks and stdio holds before it has asked for anything. */
static const size_t baseline = 16 * MIB;

/* ---- in the limited process ---------------------------------------------------------------------------------- */

/* The debug form puts canaries around blocks and keeps a record of each. */
static size_t least_share_percent(size_t size) {
    if (!on_debug_form()) {
        return 70;
    }
    return size < 1000 ? 15 : 12;
}

static void *take(size_t size, unsigned how) {
    switch (how % 4) {
    case 0:
        return hide(calloc(1, size));
    case 1:
        return hide(memalign(64, size));
    case 2:
        return hide(realloc(NULL, size));
    default:
        return hide(malloc(size));
    }
}

/* Takes blocks until there are no more, links them through their first words, returns the last. */
static void **take_all(size_t size, size_t *count) {
    void **last = NULL;
    *count = 0;
    errno = 0;
    for (void **block; (block = take(size, size < 1000 ? 3 : (unsigned)*count)) != NULL; ++*count) {
        block[0] = last;
        last = block;
    }
    MUST(errno == ENOMEM);
    return last;
}

static void give_all(void **last) {
    while (last != NULL) {
        void **next = last[0];
        free(last);
        last = next;
    }
}

static void expect_share(size_t served, size_t percent, size_t limit, const char *what) {
    if (served < (limit - baseline) / 100 * percent) {
        fprintf(stderr, "%s: %zu of %zu MiB were served, not %zu %% of what is above the baseline of %zu MiB\n", what,
                served / MIB, limit / MIB, percent, baseline / MIB);
        abort();
    }
}

static void fill_twice(size_t size, size_t limit) {
    size_t first = 0;
    size_t second = 0;
    size_t third = 0;
    size_t percent = least_share_percent(size);
    give_all(take_all(size, &first));
    expect_share(first * size, percent, limit, "the first time");
    give_all(take_all(size, &second));
    expect_share(second * size, percent, limit, "the second time");
    size_t other_size = size < 30000 ? 100000 : 300;
    give_all(take_all(other_size, &third));
    expect_share(third * other_size, percent * 3 / 4, limit, "the third time, in another size");
}

/* While memory is short, what needs none still works, and a failing realloc keeps its block. */
static void work_while_full(size_t size, size_t limit) {
    size_t count = 0;
    unsigned char *block = hide(malloc(1000));
    fill_pattern(block, 1000, 3);
    void **last = take_all(size, &count);
    MUST(hide(realloc(hide(block), limit)) == NULL && errno == ENOMEM);
    MUST(hide(calloc(limit / 8, 8)) == NULL && errno == ENOMEM);
    MUST(hide(memalign(MIB, limit)) == NULL && errno == ENOMEM);
    void *out = block;
    MUST(posix_memalign(&out, 64, limit) == ENOMEM && out == block);
    MUST(has_pattern(block, 1000, 3));
    for (unsigned i = 0; i < 1000 && last != NULL; i++) {
        void **next = last[0];
        free(last);
        void **again = hide(malloc(size));
        /* glibc may by then want it from elsewhere, and the debug form for its tables. */
        MUST(again != NULL || !on_cairn() || on_debug_form());
        if (again != NULL) {
            again[0] = next;
        }
        last = again != NULL ? again : next;
    }
    give_all(last);
    free(block);
}

/* Small blocks that go in any order leave something in many places. */
static void serve_large_after_small(size_t size, size_t limit) {
    enum { COUNT = 24000 };
    static void *blocks[COUNT];
    uint64_t random = size;
    size_t count = 0;
    while (count < COUNT && (blocks[count] = hide(malloc(size))) != NULL) {
        memset(blocks[count++], 1, size);
    }
    for (; count > 0; count--) {
        void **chosen = &blocks[random_next(&random) % count];
        free(*chosen);
        *chosen = blocks[count - 1];
    }
    void *large = hide(malloc(limit / 100 * 65));
    MUST(large != NULL || on_debug_form()); /* whose records are as large as what they are of */
    free(large);
}

static pthread_barrier_t all_started; /* before memory is short, so that each thread gets its stack */

static void *fill_in_thread(void *argument) {
    const size_t *size = argument;
    pthread_barrier_wait(&all_started);
    for (unsigned round = 0; round < 3; round++) {
        size_t count = 0;
        give_all(take_all(*size, &count));
    }
    return NULL;
}

static void fill_from_threads(size_t size, size_t limit) {
    size_t count = 0;
    MUST(pthread_barrier_init(&all_started, NULL, 4) == 0);
    run_threads(4, fill_in_thread, &size);
    give_all(take_all(size, &count));
    /* glibc keeps what it had in the arenas of threads that have ended. */
    expect_share(count * size, on_cairn() ? least_share_percent(size) * 3 / 4 : 10, limit, "after four threads");
}

static int limited_main(char *const *arguments) {
    size_t size = strtoull(arguments[1], NULL, 10);
    size_t limit = strtoull(arguments[2], NULL, 10);
    alarm(60);
    switch (arguments[0][0]) {
    case 'f':
        fill_twice(size, limit);
        break;
    case 'w':
        work_while_full(size, limit);
        break;
    case 'l':
        serve_large_after_small(size, limit);
        break;
    default:
        fill_from_threads(size, limit);
    }
    return 0;
}

/* ---- the cases ----------------------------------------------------------------------------------------------- */

static void run_limited(int resource, size_t limit, const char *what, size_t size) {
    char size_text[32];
    char limit_text[32];
    snprintf(size_text, sizeof size_text, "%zu", size);
    snprintf(limit_text, sizeof limit_text, "%zu", limit);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit most = {limit, limit};
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        setrlimit((__rlimit_resource_t)resource, &most);
        execl("/proc/self/exe", "oom_test", what, size_text, limit_text, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (status != 0) {
        fail_msg("%s, limit %zu MiB, blocks of %zu: ended with status 0x%x", what, limit / MIB, size, (unsigned)status);
    }
}

static const size_t limits[] = {64 * MIB, 96 * MIB, 160 * MIB, 256 * MIB, 512 * MIB, GIB, 2 * GIB};
static const size_t sizes[] = {48, 1000, 40000, 300000, 3 * MIB};

/* In large limits small blocks would touch every page; in the largest, nothing is new but the place of the region. */
static bool is_worth_its_time(size_t limit, size_t size) {
    const size_t of_the_largest = 300000;
    return limit > 512 * MIB ? size == of_the_largest : limit <= 160 * MIB || size > 1000;
}

static void address_space_is_served_until_enomem_and_again(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
            if (is_worth_its_time(limits[i], sizes[j])) {
                run_limited(RLIMIT_AS, limits[i], "fill", sizes[j]);
            }
        }
    }
}

static void data_limit_is_served_until_enomem_and_again(void **state) {
    (void)state;
    for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
        run_limited(RLIMIT_DATA, 96 * MIB, "fill", sizes[j]);
    }
}

static void failures_while_memory_is_short_do_no_harm(void **state) {
    (void)state;
    for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
        run_limited(RLIMIT_AS, 100 * MIB, "work", sizes[j]);
        run_limited(RLIMIT_DATA, 100 * MIB, "work", sizes[j]);
    }
}

static void what_small_blocks_had_serves_a_large_one(void **state) {
    (void)state;
    run_limited(RLIMIT_AS, 166 * MIB, "large", 6000);
    run_limited(RLIMIT_AS, 166 * MIB, "large", 600);
}

static void threads_meet_the_limit_together(void **state) {
    (void)state;
    for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
        run_limited(RLIMIT_AS, 150 * MIB, "threads", sizes[j]);
    }
}

/* Limits at which the system can hardly load the program: whatever comes of it, not a crash of ours. */
static void tiny_limits_fail_in_good_order(void **state) {
    (void)state;
    for (size_t limit = 24 * MIB; limit < 64 * MIB; limit += 8 * MIB) {
        run_limited(RLIMIT_AS, limit, "work", 1000);
    }
}

int main(int argc, char **argv) {
    if (argc == 4) {
        return limited_main(argv + 1);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address_space_is_served_until_enomem_and_again),
        cmocka_unit_test(data_limit_is_served_until_enomem_and_again),
        cmocka_unit_test(failures_while_memory_is_short_do_no_harm),
        cmocka_unit_test(what_small_blocks_had_serves_a_large_one),
        cmocka_unit_test(threads_meet_the_limit_together),
        cmocka_unit_test(tiny_limits_fail_in_good_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
