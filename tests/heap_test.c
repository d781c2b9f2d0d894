/*
 * heap_test.c: the blocks of one heap (heap.h), by its owner: taking and giving, frees by others, budget and
 * rebuilding. What goes back is in heap_purge_test.c, that the checks bite in heap_check_test.c, which heaps there are
 * in registry_test.c.
 */
#define _GNU_SOURCE
#include "alloc/heap.h"

#include "alloc/arena.h"
#include "tests/heap_blocks.h"

static void work(uint64_t seed, unsigned steps, unsigned classes) {
    for (unsigned i = 0; i < steps; i++) {
        uint64_t choice = random_next(&seed) % 16;
        if (block_count == 0 || (choice < 8 && block_count < MOST_BLOCKS)) {
            take((unsigned)(random_next(&seed) % classes));
        } else if (choice < 14) {
            give(random_next(&seed) % block_count);
        } else {
            post(random_next(&seed) % block_count);
        }
        if (i % 1000 == 0) {
            check();
        }
    }
}

/* ---- taking and giving --------------------------------------------------------------------------------------- */

static void work_on_and_give_all(uint64_t seed) {
    work(seed, 12000, CN_CLASS_COUNT);
    give_all();
    check();
    (void)cn_heap_trim(heap);
    check();
    MUST(slots_held() == 0 && heap->idle_bytes == 0);
}

static void work_and_give_all(void *argument) {
    start_heap();
    work_on_and_give_all(*(uint64_t *)argument);
}

static void random_work_keeps_every_block_and_invariant(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        expect_return(work_and_give_all, &seed);
    }
}

/* Passes for empty pages begin at once then, and go on a step at a time. */
static void work_amid_passes(void *argument) {
    cn_heap_search = (struct cn_heap_search){.bytes = CN_SLOT_BYTES, .pace = 0};
    start_heap();
    work_on_and_give_all(*(uint64_t *)argument);
}

static void pools_come_and_go_in_the_midst_of_a_pass(void **state) {
    (void)state;
    for (uint64_t seed = 8; seed <= 10; seed++) {
        expect_return(work_amid_passes, &seed);
    }
}

static void work_without_magazines(void *argument) {
    start_heap();
    work(99, 500, 40);
    cn_heap_disable_magazines(heap);
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
        MUST(heap->magazines[i].top == heap->magazines[i].ceiling);
    }
    work_on_and_give_all(*(uint64_t *)argument);
}

static void heap_whose_magazines_hold_nothing_works_all_the_same(void **state) {
    (void)state;
    uint64_t seed = 4;
    expect_return(work_without_magazines, &seed);
}

static void reuse_freed_pools(void *argument) {
    (void)argument;
    start_heap();
    for (unsigned class_index = 0; class_index < CN_CLASS_COUNT; class_index++) {
        for (size_t bytes = 0; bytes < 2 * MIB; bytes += cn_class_at(class_index)->block_bytes) {
            if (block_count < MOST_BLOCKS) {
                take(class_index);
            }
        }
        give_all();
    }
    check();
    MUST(atomic_load(&cn_region.arena_count) <= 6); /* what one class has freed serves the next */
}

static void pools_that_one_class_empties_serve_another(void **state) {
    (void)state;
    expect_return(reuse_freed_pools, NULL);
}

/* ---- frees by others ----------------------------------------------------------------------------------------- */

static void post_half(void *argument) {
    (void)argument;
    start_heap();
    for (unsigned i = 0; i < 4000; i++) {
        take(i % 30);
    }
    for (unsigned i = 0; i < 2000; i++) {
        post((i * 7) % block_count);
    }
    size_t idle = heap->idle_bytes;
    cn_heap_drain(heap);
    MUST(heap->idle_bytes > idle);
    check();
    give_all();
    check();
}

static void frees_by_others_become_idle_when_they_are_drained(void **state) {
    (void)state;
    expect_return(post_half, NULL);
}

static void post_what_is_free(void *argument) {
    (void)argument;
    start_heap();
    take(3);
    size_t granule = cn_granule_of(blocks[0].block);
    cn_heap_give(heap, granule);
    MUST(cn_remote_post(&heap->remote, granule)); /* as a thread does that saw the live bit just before */
    cn_heap_drain(heap);
}

static void two_frees_at_the_same_instant_are_seen_by_the_drain(void **state) {
    (void)state;
    struct child_end end = run_in_child(post_what_is_free, NULL, 10);
    expect_abort(&end, "cairn: ERROR: double-free: ");
}

/* ---- budget -------------------------------------------------------------------------------------------------- */

static void count_against_a_budget(void *argument) {
    (void)argument;
    start_heap();
    MUST(cn_heap_allows_pool(heap) && cn_heap_allows_span(heap, SIZE_MAX / CN_SLOT_BYTES));
    heap->budget_bytes = 10 * CN_SLOT_BYTES + 1;
    MUST(cn_heap_allows_span(heap, 10) && !cn_heap_allows_span(heap, 11));
    cn_heap_count_slots(heap, 9, 0);
    MUST(cn_heap_allows_pool(heap) && cn_heap_allows_span(heap, 1) && !cn_heap_allows_span(heap, 2));
    cn_heap_count_slots(heap, 2, 0);
    MUST(!cn_heap_allows_pool(heap) && !cn_heap_allows_span(heap, 1));
    cn_heap_count_slots(heap, 0, 11);
    MUST(slots_held() == 0 && atomic_load(&heap->peak_held_bytes) == 11 * CN_SLOT_BYTES);
    MUST(cn_heap_take_guarded(heap, 9 * CN_SLOT_BYTES) && !cn_heap_take_guarded(heap, CN_SLOT_BYTES + 2));
    MUST(cn_heap_allows_span(heap, 1) && !cn_heap_allows_span(heap, 2));
    MUST(cn_heap_take_guarded(heap, CN_SLOT_BYTES + 1) && !cn_heap_allows_pool(heap));
    cn_heap_give_guarded(heap, 10 * CN_SLOT_BYTES + 1);
    MUST(atomic_load(&heap->guarded_bytes) == 0);
    MUST(atomic_load(&heap->peak_held_bytes) == 11 * CN_SLOT_BYTES);
    heap->budget_bytes = 1;
    take(0);
    MUST(cn_heap_take(heap, 40) == NULL); /* another pool is beyond it */
    check();
}

static void budget_allows_what_fits_and_no_more(void **state) {
    (void)state;
    expect_return(count_against_a_budget, NULL);
}

/* ---- giving memory back -------------------------------------------------------------------------------------- */

static void clear_all_pools(void *argument) {
    (void)argument;
    start_heap();
    work(7, 5000, CN_CLASS_COUNT);
    cn_heap_clear_pools(heap);
    MUST(slots_held() == 0 && heap->idle_bytes == 0 && heap->empty_slots == 0);
    check();
    block_count = 0;
    work(8, 3000, 20);
}

static void cleared_heap_holds_nothing_and_works_on(void **state) {
    (void)state;
    expect_return(clear_all_pools, NULL);
}

static void rebuild_after_trim(void *argument) {
    start_heap();
    work(*(uint64_t *)argument, 6000, CN_CLASS_COUNT);
    (void)cn_heap_trim(heap); /* no block is cached then, and no pool empty */
    size_t idle = heap->idle_bytes;
    size_t held = slots_held();
    for (unsigned i = 0; i < 10; i++) {
        post(0); /* what is found again without the list */
    }
    atomic_store(&heap->remote.first, NULL);
    for (size_t slot = 0; slot < atomic_load(&cn_region.arena_count) * CN_ARENA_SLOTS; slot++) {
        if (atomic_load(&cn_region.owner[slot]) != 0) {
            cn_remote_repair(&heap->remote, slot);
        }
    }
    heap->idle_bytes = 12345;
    heap->empty_slots = 77;
    memset(heap->bins, 0xee, sizeof heap->bins);
    cn_heap_rebuild(heap);
    check();
    MUST(slots_held() == held && heap->idle_bytes > idle);
    work(11, 3000, CN_CLASS_COUNT);
    give_all();
    (void)cn_heap_trim(heap);
    MUST(slots_held() == 0);
    check();
}

static void rebuilt_heap_equals_the_one_it_was(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        expect_return(rebuild_after_trim, &seed);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_work_keeps_every_block_and_invariant),
        cmocka_unit_test(pools_come_and_go_in_the_midst_of_a_pass),
        cmocka_unit_test(heap_whose_magazines_hold_nothing_works_all_the_same),
        cmocka_unit_test(pools_that_one_class_empties_serve_another),
        cmocka_unit_test(frees_by_others_become_idle_when_they_are_drained),
        cmocka_unit_test(two_frees_at_the_same_instant_are_seen_by_the_drain),
        cmocka_unit_test(budget_allows_what_fits_and_no_more),
        cmocka_unit_test(cleared_heap_holds_nothing_and_works_on),
        cmocka_unit_test(rebuilt_heap_equals_the_one_it_was),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
