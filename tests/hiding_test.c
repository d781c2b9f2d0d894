/*
 * hiding_test.c: pools whose blocks all wait in quarantine cannot be accessed (debug/hiding.h): only then, no longer
 * than that, by a bounded number of mappings, and with every check as before.
 */
#define _GNU_SOURCE
#include "debug/hiding.h"

#include <pthread.h>

#include "alloc/options.h"
#include "alloc/os.h"
#include "tests/reports.h"

enum { SIZE = 4000, POOL_BLOCKS = 16, POOLS = 64, MANY = POOLS * POOL_BLOCKS };

static char *blocks[MANY];

static void take_all(void) {
    for (size_t i = 0; i < MANY; i++) {
        blocks[i] = memset(block_of(SIZE), 1, SIZE);
    }
}

static void free_all(void) {
    for (size_t i = 0; i < MANY; i++) {
        cairn_free(blocks[i]);
    }
}

/* The quarantine lets go of what was freed before. */
static void let_all_leave(void) {
    cn_options.quarantine_bytes = 1;
    cairn_free(block_of(1));
    cn_options.quarantine_bytes = 64 * MIB;
}

static bool can_read(const void *address) {
    char byte;
    return cn_os_peek(address, &byte, 1) == 1;
}

static size_t readable(void) {
    size_t count = 0;
    for (size_t i = 0; i < MANY; i++) {
        count += can_read(blocks[i]) ? 1 : 0;
    }
    return count;
}

/* ---- when ---------------------------------------------------------------------------------------------------- */

static void hide_and_open(void *argument) {
    (void)argument;
    size_t before = cn_hiding_pool_count();
    for (unsigned round = 0; round < 3; round++) {
        take_all();
        MUST(cn_hiding_pool_count() == before);
        free_all();
        MUST(cn_hiding_pool_count() >= before + POOLS - 2);
        MUST(readable() < MANY / 8); /* those of each pool's last page, and of pools that are not full */
        let_all_leave();
        MUST(cn_hiding_pool_count() == before);
        MUST(readable() == MANY);
        MUST(cairn_check());
    }
}

static void pool_is_hidden_while_all_of_its_blocks_wait(void **state) {
    (void)state;
    struct child_end end = run_in_child(hide_and_open, NULL, SECONDS);
    expect_success(&end);
}

static void keep_one_of_each_pool(void *argument) {
    (void)argument;
    size_t before = cn_hiding_pool_count();
    take_all();
    for (size_t i = 0; i < MANY; i++) {
        if (i % (POOL_BLOCKS / 2) != 0) {
            cairn_free(blocks[i]);
        }
    }
    MUST(cn_hiding_pool_count() == before && readable() == MANY);
    for (size_t i = 0; i < MANY; i += POOL_BLOCKS / 2) {
        MUST(blocks[i][0] == 1 && blocks[i][SIZE - 1] == 1);
        cairn_free(blocks[i]);
    }
    MUST(cn_hiding_pool_count() > before);
}

static void pool_with_a_live_block_is_open(void **state) {
    (void)state;
    struct child_end end = run_in_child(keep_one_of_each_pool, NULL, SECONDS);
    expect_success(&end);
}

static void hide_nothing(void *argument) {
    (void)argument;
    size_t before = cn_hiding_pool_count();
    cn_options.protect_freed = false;
    take_all();
    free_all();
    MUST(cn_hiding_pool_count() == before && readable() == MANY);
}

static void option_leaves_all_pools_open(void **state) {
    (void)state;
    struct child_end end = run_in_child(hide_nothing, NULL, SECONDS);
    expect_success(&end);
}

static void free_then_destroy_heap(void *argument) {
    (void)argument;
    size_t before = cn_hiding_pool_count();
    struct cairn_heap *heap = cairn_heap_create("hidden", NULL);
    for (size_t i = 0; i < MANY; i++) {
        blocks[i] = cairn_heap_malloc(heap, SIZE);
    }
    free_all();
    MUST(cn_hiding_pool_count() == before && readable() == MANY);
    cairn_heap_destroy(heap);
    take_all();
    MUST(cairn_check());
}

static void pools_of_named_heaps_stay_open(void **state) {
    (void)state;
    struct child_end end = run_in_child(free_then_destroy_heap, NULL, SECONDS);
    expect_success(&end);
}

/* ---- how many ------------------------------------------------------------------------------------------------ */

static size_t count_of_maps(void) {
    FILE *file = fopen("/proc/self/maps", "r");
    size_t lines = 0;
    MUST(file != NULL);
    for (int c = getc(file); c != EOF; c = getc(file)) {
        lines += c == '\n' ? 1 : 0;
    }
    (void)fclose(file);
    return lines;
}

/* More pools than may be hidden; freed twice over, so that those that were open at first have their turn too. */
static void hide_too_many(void *argument) {
    enum { TOO_MANY = 4000 * POOL_BLOCKS };
    char **all = cairn_malloc(TOO_MANY * sizeof *all);
    size_t most = cn_os_mapping_limit();
    (void)argument;
    cn_options.quarantine_bytes = GIB;
    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; i < TOO_MANY; i++) {
            all[i] = block_of(SIZE);
        }
        size_t before = count_of_maps();
        for (size_t i = 0; i < TOO_MANY; i++) {
            cairn_free(all[i]);
        }
        MUST(cn_hiding_pool_count() > 0);
        MUST(2 * cn_hiding_pool_count() <= most / 16 && cn_hiding_pool_count() <= cn_options.protect_pools);
        MUST(count_of_maps() <= before + 2 * cn_hiding_pool_count() + 16);
        let_all_leave();
        MUST(count_of_maps() <= before + 16);
        cn_options.quarantine_bytes = GIB;
    }
    MUST(cairn_check());
}

static void mappings_are_bounded(void **state) {
    (void)state;
    struct child_end end = run_in_child(hide_too_many, NULL, SECONDS);
    expect_success(&end);
}

/* ---- checks -------------------------------------------------------------------------------------------------- */

static void write_then_hide(void *going_on) {
    cn_options.halt_on_error = going_on == NULL;
    take_all();
    char *block = blocks[MANY / 2];
    cairn_free(block);
    spoil(block + 10, 1);
    blocks[MANY / 2] = NULL;
    free_all();
    MUST(!can_read(block));
    let_all_leave();
    MUST(cairn_check());
}

static void damage_is_found_before_a_pool_is_hidden(void **state) {
    (void)state;
    struct child_end end = run_in_child(write_then_hide, NULL, SECONDS);
    expect_abort(&end, "heap-use-after-free: block of 4000 bytes");
    expect_words(&end, "at offset 10; found at free");
    end = run_in_child(write_then_hide, &end, SECONDS);
    expect_success(&end);
    assert_int_equal(count_of(end.text, "cairn: ERROR: "), 1);
}

static void check_twice(void *argument) {
    (void)argument;
    take_all();
    free_all();
    size_t hidden = cn_hiding_pool_count();
    size_t before = readable();
    MUST(cairn_check() && cairn_check());
    MUST(cn_hiding_pool_count() == hidden && readable() == before);
}

static void pools_stay_hidden_over_a_check(void **state) {
    (void)state;
    struct child_end end = run_in_child(check_twice, NULL, SECONDS);
    expect_success(&end);
}

static void use_after_fork(void *argument) {
    (void)argument;
    let_all_leave();
    MUST(readable() == MANY);
    take_all();
    free_all();
    MUST(cairn_check());
}

static void fork_hidden(void *argument) {
    (void)argument;
    take_all();
    free_all();
    struct child_end end = run_in_child(use_after_fork, NULL, SECONDS);
    expect_success(&end);
    use_after_fork(NULL);
}

static void parent_and_child_open_their_own(void **state) {
    (void)state;
    struct child_end end = run_in_child(fork_hidden, NULL, SECONDS);
    expect_success(&end);
}

/* ---- threads ------------------------------------------------------------------------------------------------- */

enum { THREADS = 4, ROUNDS = 200, OWN = 400 };

static void *churn(void *argument) {
    char *own[OWN];
    size_t size = 500 + 700 * (size_t)(uintptr_t)argument;
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < OWN; i++) {
            own[i] = memset(block_of(size), 3, size);
        }
        for (size_t i = 0; i < OWN; i++) {
            MUST(own[i][0] == 3 && own[i][size - 1] == 3);
            cairn_free(own[i]);
        }
    }
    return NULL;
}

static void churn_in_threads(void *argument) {
    (void)argument;
    pthread_t threads[THREADS];
    cn_options.quarantine_bytes = MIB; /* what one frees, another lets leave */
    for (uintptr_t i = 0; i < THREADS; i++) {
        MUST(pthread_create(&threads[i], NULL, churn, (void *)i) == 0); // NOLINT: a number
    }
    for (unsigned i = 0; i < 20; i++) {
        MUST(cairn_check());
    }
    for (size_t i = 0; i < THREADS; i++) {
        MUST(pthread_join(threads[i], NULL) == 0);
    }
    let_all_leave();
    MUST(cairn_check());
}

static void threads_hide_and_open_each_others_pools(void **state) {
    (void)state;
    struct child_end end = run_in_child(churn_in_threads, NULL, SECONDS);
    expect_success(&end);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_is_hidden_while_all_of_its_blocks_wait),
        cmocka_unit_test(pool_with_a_live_block_is_open),
        cmocka_unit_test(option_leaves_all_pools_open),
        cmocka_unit_test(pools_of_named_heaps_stay_open),
        cmocka_unit_test(mappings_are_bounded),
        cmocka_unit_test(damage_is_found_before_a_pool_is_hidden),
        cmocka_unit_test(pools_stay_hidden_over_a_check),
        cmocka_unit_test(parent_and_child_open_their_own),
        cmocka_unit_test(threads_hide_and_open_each_others_pools),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
