/*
 * thread_test.c: the first call of all (process.h), which heap a thread has from its first allocation to its end
 * (thread.h), and counting what was asked for (requested.h).
 */
#define _GNU_SOURCE
#include "alloc/thread.h"

#include "alloc/arena.h"
#include "alloc/process.h"
#include "alloc/requested.h"
#include "tests/threads.h"
#include "tests/unit.h"

/* ---- the process --------------------------------------------------------------------------------------------- */

static void *start_and_look(void *argument) {
    (void)argument;
    cn_process_start();
    MUST(cn_region.base != NULL && cn_class_at(CN_CLASS_COUNT - 1)->block_bytes == CN_BLOCK_MAX_BYTES);
    return (void *)cn_region.base;
}

static void start_from_all_sides(void *argument) {
    (void)argument;
    pthread_t threads[8];
    start_all(threads, 8, start_and_look, NULL);
    for (size_t i = 0; i < 8; i++) {
        void *base;
        MUST(pthread_join(threads[i], &base) == 0 && base == (void *)cn_region.base);
    }
    cn_process_start();
    cn_region_check();
}

static void process_starts_once_whoever_comes_first(void **state) {
    (void)state;
    assert_null(cn_region.base); /* nothing has started it here */
    expect_return(start_from_all_sides, NULL);
}

/* ---- threads ------------------------------------------------------------------------------------------------- */

static void enter_and_leave(void *argument) {
    (void)argument;
    cn_process_start();
    MUST(cn_heap_of_thread() == NULL);
    struct cairn_heap *heap = cn_thread_enter();
    MUST(heap != NULL && heap == cn_heap_mine && cn_heap_state(heap) == CN_HEAP_OWNED);
    cn_thread_leave(heap);
    MUST(cn_thread_enter() == heap && cn_heap_count() == 1);
    cn_thread_leave(heap);
    cn_thread_leave(NULL);
    MUST(!cn_thread_is_named(heap) && !cn_thread_is_named(NULL));
    struct cairn_heap *named = cn_heap_claim_named();
    MUST(cn_thread_is_named(named));
    cn_heap_vacate(named);
    MUST(!cn_thread_is_named(named));
}

static void thread_has_one_heap_from_its_first_allocation(void **state) {
    (void)state;
    expect_return(enter_and_leave, NULL);
}

static struct cairn_heap *seen_heap;
static void *seen_block;

static void *take_one(void *argument) {
    (void)argument;
    seen_heap = cn_thread_enter();
    seen_block = cn_heap_take(seen_heap, 9);
    MUST(seen_block != NULL);
    cn_thread_leave(seen_heap);
    return NULL;
}

static void end_threads(void *argument) {
    (void)argument;
    cn_process_start();
    run_threads(1, take_one, NULL);
    struct cairn_heap *first = seen_heap;
    void *block = seen_block;
    MUST(cn_heap_state(first) == CN_HEAP_ABANDONED && cn_live_test(cn_granule_of(block)));
    MUST(cn_remote_post(&first->remote, cn_granule_of(block)));
    run_threads(1, take_one, NULL);
    MUST(seen_heap == first && cn_heap_count() == 1); /* whole, and no other one */
    MUST(!cn_live_test(cn_granule_of(block)) || block == seen_block);
    cn_heap_check(first);
}

static void heap_of_a_thread_that_ends_goes_to_the_next(void **state) {
    (void)state;
    expect_return(end_threads, NULL);
}

static pthread_key_t late_key;
static struct cairn_heap *late_heap;

/* Comes in several rounds of TLS destructors, in the later ones of which the thread's heap is gone. Not in the very
 * last: ThreadSanitizer has let go of the thread then. */
static void allocate_late(void *argument) {
    uintptr_t round = (uintptr_t)argument;
    struct cairn_heap *heap = cn_thread_enter();
    MUST(heap != NULL && cn_heap_take(heap, 3) != NULL);
    cn_thread_leave(heap);
    late_heap = heap;
    if (round < 3) {
        MUST(pthread_setspecific(late_key, (void *)(round + 1)) == 0);
    }
}

static void *end_late(void *argument) {
    MUST(pthread_setspecific(late_key, (void *)1) == 0);
    return take_one(argument);
}

static void allocate_while_ending(void *argument) {
    (void)argument;
    cn_process_start();
    MUST(pthread_key_create(&late_key, allocate_late) == 0);
    for (unsigned i = 0; i < 5; i++) {
        run_threads(1, end_late, NULL);
        MUST(late_heap != seen_heap && cn_heap_state(late_heap) == CN_HEAP_NAMED);
        MUST(!cn_thread_is_named(late_heap)); /* the common heap, which nobody asked for by name */
        MUST(atomic_load(&late_heap->lock.word) == 0);
    }
    MUST(cn_heap_count() <= 3);
    for (size_t i = 0; i < cn_heap_count(); i++) {
        cn_heap_check(cn_heap_at(i));
    }
}

static void thread_that_is_gone_shares_the_common_heap(void **state) {
    (void)state;
    expect_return(allocate_while_ending, NULL);
}

static _Atomic bool is_had;

static struct cairn_heap *enter_alone(void) {
    struct cairn_heap *heap = cn_thread_enter();
    MUST(heap != NULL && atomic_load(&heap->lock.word) != 0);
    MUST(!atomic_exchange(&is_had, true));
    return heap;
}

static void leave(struct cairn_heap *heap) {
    MUST(atomic_exchange(&is_had, false));
    cn_thread_leave(heap);
}

static void *share_common(void *argument) {
    (void)argument;
    cn_heap_mine = &cn_heap_gone;
    for (unsigned i = 0; i < 20000; i++) {
        struct cairn_heap *heap = enter_alone();
        void *block = cn_heap_take(heap, i % 30);
        MUST(block != NULL);
        leave(heap);
        fill_pattern(block, 16, (uintptr_t)block);
        MUST(has_pattern(block, 16, (uintptr_t)block));
        MUST(enter_alone() == heap);
        cn_heap_give(heap, cn_granule_of(block));
        leave(heap);
    }
    return NULL;
}

static void share_from_all_sides(void *argument) {
    (void)argument;
    cn_process_start();
    cn_heap_mine = &cn_heap_gone;
    cn_thread_leave(cn_thread_enter()); /* made by one thread, so that all find it */
    run_threads(3, share_common, NULL);
    MUST(cn_heap_count() == 1);
    cn_heap_check(cn_heap_at(0));
}

static void common_heap_is_had_by_one_thread_at_a_time(void **state) {
    (void)state;
    expect_return(share_from_all_sides, NULL);
}

static void run_out_of_heaps(void *argument) {
    (void)argument;
    cn_process_start();
    for (size_t i = 0; i < CN_HEAP_LIMIT - 1; i++) {
        MUST(cn_heap_claim_named() != NULL);
    }
    MUST(cn_heap_claim_common() != NULL); /* somebody else's */
    cn_thread_leave(cn_thread_enter());   /* none, and no lock is held */
    MUST(cn_heap_of_thread() == NULL);
}

static void thread_that_finds_no_heap_has_none(void **state) {
    (void)state;
    expect_return(run_out_of_heaps, NULL);
}

/* ---- counting what was asked for ----------------------------------------------------------------------------- */

static void note_requests(void *argument) {
    (void)argument;
    cn_process_start();
    struct cairn_heap *heap = cn_thread_enter();
    void *before = cn_heap_take(heap, 20);
    size_t bytes = cn_class_at(20)->block_bytes;
    MUST(!cn_requested_is_on());
    cn_requested_note(cn_granule_of(before), bytes, 1); /* nothing, as long as it is off */
    cn_requested_enable();
    MUST(cn_requested_is_on() && cn_requested_of(cn_granule_of(before), bytes) == bytes);
    for (size_t size = 0; size <= bytes + 3; size++) {
        cn_requested_note(cn_granule_of(before), bytes, size);
        MUST(cn_requested_of(cn_granule_of(before), bytes) == cn_min(size, bytes));
    }
    cn_requested_note(cn_granule_of(before), 10 * CN_SLOT_BYTES, 9 * CN_SLOT_BYTES + 1);
    MUST(cn_requested_of(cn_granule_of(before), 10 * CN_SLOT_BYTES) == 9 * CN_SLOT_BYTES + 1);
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
        MUST(heap->magazines[i].ceiling == heap->magazines[i].top); /* every request takes the slow path */
    }
    MUST(cn_heap_take(heap, 20) != NULL);
    cn_thread_leave(heap);
    cn_heap_check(heap);
}

static void requests_are_counted_from_when_it_is_enabled(void **state) {
    (void)state;
    expect_return(note_requests, NULL);
}

static void enable_without_a_heap(void *argument) {
    (void)argument;
    cn_process_start();
    cn_requested_enable();
    MUST(cn_requested_is_on());
    struct cairn_heap *heap = cn_thread_enter();
    MUST(heap->magazines[5].ceiling == heap->magazines[5].top);
    void *block = cn_heap_take(heap, 5);
    cn_requested_note(cn_granule_of(block), 96, 81);
    MUST(cn_requested_of(cn_granule_of(block), 96) == 81);
}

static void counting_can_be_enabled_before_there_is_a_heap(void **state) {
    (void)state;
    expect_return(enable_without_a_heap, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(process_starts_once_whoever_comes_first),
        cmocka_unit_test(thread_has_one_heap_from_its_first_allocation),
        cmocka_unit_test(heap_of_a_thread_that_ends_goes_to_the_next),
        cmocka_unit_test(thread_that_is_gone_shares_the_common_heap),
        cmocka_unit_test(common_heap_is_had_by_one_thread_at_a_time),
        cmocka_unit_test(thread_that_finds_no_heap_has_none),
        cmocka_unit_test(requests_are_counted_from_when_it_is_enabled),
        cmocka_unit_test(counting_can_be_enabled_before_there_is_a_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
