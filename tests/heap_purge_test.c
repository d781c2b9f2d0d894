/*
 * heap_purge_test.c: what a heap gives back of its own: pages within pools, empty pools, what its magazines hold (heap.h).
 */
#define _GNU_SOURCE
#include "alloc/counts.h"
#include "alloc/hooks.h"
#include "tests/heap_blocks.h"

/* ---- passes for empty pages ---------------------------------------------------------------------------------- */

static bool has_cached(unsigned class_index) {
    return heap->magazines[class_index].top != cn_heap_bottom(heap, class_index);
}

/* Frees of one class leave the magazines of the others alone, but where a pass for empty pages comes to them. */
static void empty_pools_in_random_order(void *argument) {
    uint64_t random = *(uint64_t *)argument;
    unsigned purges = 0;
    start_heap();
    for (unsigned i = 0; i < MOST_BLOCKS; i++) {
        take(i % 64 == 0 ? 0 : 39); /* 2560 bytes, 25 of them a pool */
    }
    give(0);
    while (block_count > 0) {
        bool had_cached = has_cached(0);
        give(random_next(&random) % block_count);
        purges += had_cached && !has_cached(0) ? 1 : 0;
    }
    check();
    MUST(purges >= 1 && purges < 40); /* by thirds of 100 MiB down to an eighth; then by 512 KiB */
}

static void pools_are_searched_for_pages_now_and_then_alone(void **state) {
    (void)state;
    uint64_t seed = 5;
    expect_return(empty_pools_in_random_order, &seed);
}

/* A pass over all pools at once would purge most of 100 MiB in one call, as it did once. */
static void purge_by_shares(void *argument) {
    uint64_t random = *(uint64_t *)argument;
    size_t most = 0;
    start_heap();
    for (unsigned i = 0; i < MOST_BLOCKS; i++) {
        take(39);
    }
    size_t before = cn_count_of(&cn_counts.purged_bytes);
    while (block_count > MOST_BLOCKS / 100) {
        size_t purged = cn_count_of(&cn_counts.purged_bytes);
        give(random_next(&random) % block_count);
        most = cn_max(most, cn_count_of(&cn_counts.purged_bytes) - purged);
    }
    check();
    MUST(!cn_hook_purges_pools() || cn_count_of(&cn_counts.purged_bytes) - before > 60 * MIB);
    MUST(most <= 6 * MIB); /* of free slots (purge.h) 2 MiB go together, and the rest of an arena */
}

static void no_free_does_more_than_its_share_of_a_purge(void **state) {
    (void)state;
    uint64_t seed = 6;
    expect_return(purge_by_shares, &seed);
}

enum { ROUND_BLOCKS = 8000, ROUND_BYTES = ROUND_BLOCKS * 2560, SURVIVORS = 300 };

/* Takes many blocks and gives all back but some at random, again and again; how much was purged meanwhile. */
static size_t purged_in_rounds(unsigned rounds, uint64_t *random) {
    size_t before = cn_count_of(&cn_counts.purged_bytes);
    for (unsigned i = 0; i < rounds; i++) {
        for (unsigned j = 0; j < ROUND_BLOCKS; j++) {
            take(39);
        }
        while (block_count > SURVIVORS) {
            give(random_next(random) % block_count);
        }
    }
    return cn_count_of(&cn_counts.purged_bytes) - before;
}

/* Whether it took so little time that what was lately taken again cannot have been halved but once. */
static bool keeps_breath(void) {
    enum { ROUNDS = 10 };
    uint64_t random = 7;
    double start = seconds_now();
    (void)purged_in_rounds(ROUNDS / 2, &random);
    bool is_kept = purged_in_rounds(ROUNDS, &random) < (size_t)ROUNDS * ROUND_BYTES / 4;
    bool was_quick = seconds_now() - start < 1.5;
    MUST(is_kept || !was_quick);
    return was_quick;
}

static void breathe_within_pools(void *argument) {
    unsigned attempts = 0;
    (void)argument;
    start_heap();
    while (!keeps_breath()) {
        MUST(++attempts < 30);
    }
    check();
}

static void heap_that_breathes_keeps_its_pages(void **state) {
    (void)state;
    expect_return(breathe_within_pools, NULL);
}

static void drain_and_purge(void *argument) {
    uint64_t random = *(uint64_t *)argument;
    start_heap();
    for (unsigned i = 0; i < MOST_BLOCKS; i++) {
        take(39);
    }
    size_t before = cn_count_of(&cn_counts.purged_bytes);
    for (unsigned i = 0; i < MOST_BLOCKS / 4 * 3; i++) {
        post(random_next(&random) % block_count);
        if (i % 100 == 0) {
            take(60); /* 14 KiB, of which a magazine holds few */
        }
    }
    check();
    MUST(!cn_hook_purges_pools() || cn_count_of(&cn_counts.purged_bytes) - before > 20 * MIB);
}

static void what_others_freed_goes_back_from_a_heap_that_only_takes(void **state) {
    (void)state;
    uint64_t seed = 7;
    expect_return(drain_and_purge, &seed);
}

/* ---- nearly empty heaps, and trims ---------------------------------------------------------------------------- */

static size_t magazine_room(unsigned class_index) {
    return (size_t)(heap->magazines[class_index].ceiling - cn_heap_bottom(heap, class_index));
}

static void empty_heap_and_use_it_again(void *argument) {
    const unsigned class_index = cn_class_of(512);
    const size_t room = cn_class_at(class_index)->magazine_blocks;
    uint64_t seed = 3;
    (void)argument;
    start_heap();
    while (block_count < MOST_BLOCKS) {
        take(class_index);
    }
    MUST(magazine_room(class_index) == room);
    while (block_count > 0) {
        give(random_next(&seed) % block_count);
    }
    MUST(magazine_room(class_index) < room);
    check();
    while (block_count <= room) {
        take(class_index);
    }
    MUST(magazine_room(class_index) == room);
    give_all();
    check();
}

static void heap_that_is_nearly_empty_has_small_magazines(void **state) {
    (void)state;
    expect_return(empty_heap_and_use_it_again, NULL);
}

static size_t resident_in_pools(void) {
    size_t resident = 0;
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
        for (struct cn_pool *pool = heap->bins[i].partial.first; pool != NULL; pool = pool->next) {
            resident += cn_os_resident_bytes(cn_pool_address(pool), cn_pool_slots(pool) * CN_SLOT_BYTES);
        }
    }
    return resident;
}

static void trim_between_survivors(void *argument) {
    const unsigned class_index = *(unsigned *)argument;
    const size_t block_bytes = cn_class_at(class_index)->block_bytes;
    const size_t count = cn_min(MOST_BLOCKS, 64 * MIB / block_bytes);
    start_heap();
    for (size_t i = 0; i < count; i++) {
        take(class_index);
    }
    for (size_t i = count; i > 0; i--) {
        if (i % 1000 != 0) {
            give(i - 1);
        }
    }
    MUST(block_count == count / 1000);
    (void)cn_heap_trim(heap);
    check();
    size_t resident = resident_in_pools();
    MUST(!cn_hook_purges_pools() || resident <= block_count * (block_bytes + 2 * cn_os_page_bytes()));
    give_all();
    (void)cn_heap_trim(heap);
    MUST(slots_held() == 0);
    check();
}

static void trim_leaves_the_pages_of_live_blocks_alone(void **state) {
    (void)state;
    for (unsigned class_index = 0; class_index < CN_CLASS_COUNT; class_index += class_index < 72 ? 12 : 7) {
        expect_return(trim_between_survivors, &class_index);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pools_are_searched_for_pages_now_and_then_alone),
        cmocka_unit_test(no_free_does_more_than_its_share_of_a_purge),
        cmocka_unit_test(heap_that_breathes_keeps_its_pages),
        cmocka_unit_test(what_others_freed_goes_back_from_a_heap_that_only_takes),
        cmocka_unit_test(heap_that_is_nearly_empty_has_small_magazines),
        cmocka_unit_test(trim_leaves_the_pages_of_live_blocks_alone),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
