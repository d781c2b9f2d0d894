/*
 * registry_test.c: which heaps there are and in what state (heap.h): claiming, abandoning and taking over whole, named
 * heaps, heaps that nobody has, the limit, and what a fork leaves behind.
 */
#define _GNU_SOURCE
#include "alloc/heap.h"

#include "alloc/arena.h"
#include "alloc/region.h"
#include "tests/threads.h"
#include "tests/unit.h"

/* No other thread is at work. */
static void check_arenas(void) {
    cn_arena_check();
    cn_arena_check_quiet();
}

static struct cairn_heap *claim(void) {
    struct cairn_heap *heap = cn_heap_claim();
    MUST(heap != NULL && cn_heap_state(heap) == CN_HEAP_OWNED);
    return heap;
}

static struct cairn_heap *claim_named(void) {
    struct cairn_heap *heap = cn_heap_claim_named();
    MUST(heap != NULL && cn_heap_state(heap) == CN_HEAP_NAMED);
    return heap;
}

static void *take(struct cairn_heap *heap, unsigned class_index) {
    void *block = cn_heap_take(heap, class_index);
    MUST(block != NULL);
    fill_pattern(block, cn_class_at(class_index)->block_bytes, class_index);
    return block;
}

/* ---- claiming ------------------------------------------------------------------------------------------------ */

static void claim_several(void *argument) {
    (void)argument;
    MUST(cn_heap_count() == 0);
    struct cairn_heap *first = claim();
    struct cairn_heap *second = claim();
    struct cairn_heap *named = claim_named();
    MUST(first != second && second != named && cn_heap_count() == 3);
    for (size_t i = 0; i < 3; i++) {
        MUST(cn_heap_index(cn_heap_at(i)) == i);
        MUST((uintptr_t)cn_heap_at(i) % CN_HEAP_BYTES == 0);
        cn_heap_check(cn_heap_at(i));
    }
    MUST(cn_heap_at(0) == first && cn_heap_at(2) == named);
}

static void every_claim_gives_another_heap(void **state) {
    (void)state;
    expect_return(claim_several, NULL);
}

static void owner_words_of(struct cairn_heap *heap, const struct cairn_heap *other) {
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
        uintptr_t owner = cn_owner_of(heap, i);
        MUST(cn_heap_of_owner(owner) == heap && cn_class_of_owner(owner) == i);
        MUST(cn_heap_of_owner(owner | CN_OWNER_PENDING) == heap && cn_class_of_owner(owner | CN_OWNER_PENDING) == i);
        MUST(cn_heap_owns(heap, owner) && !cn_heap_owns(other, owner));
        MUST(!cn_heap_owns(heap, owner | CN_OWNER_PENDING));
    }
    MUST(!cn_heap_owns(heap, 0) && !cn_heap_owns(heap, CN_OWNER_SPAN) && !cn_heap_owns(heap, UINTPTR_MAX));
    MUST(!cn_heap_owns(NULL, CN_OWNER_SPAN) && !cn_heap_owns(&cn_heap_gone, CN_OWNER_SPAN));
}

static void compare_owner_words(void *argument) {
    (void)argument;
    struct cairn_heap *first = claim();
    struct cairn_heap *second = claim();
    owner_words_of(first, second);
    owner_words_of(second, first);
    owner_words_of(first, &cn_heap_gone);
    owner_words_of(second, NULL);
}

static void owner_word_tells_heap_and_class(void **state) {
    (void)state;
    expect_return(compare_owner_words, NULL);
}

static void abandon_and_adopt(void *argument) {
    (void)argument;
    struct cairn_heap *heap = claim();
    void *kept = take(heap, 7);
    void *freed = take(heap, 7);
    cn_heap_give(heap, cn_granule_of(freed));
    cn_heap_abandon(heap);
    MUST(cn_heap_state(heap) == CN_HEAP_ABANDONED);
    MUST(cn_remote_post(&heap->remote, cn_granule_of(kept))); /* frees reach it meanwhile */
    MUST(claim() == heap && cn_heap_count() == 1);
    MUST(cn_heap_take(heap, 7) == freed); /* its magazines are as they were */
    MUST(cn_live_test(cn_granule_of(kept)));
    cn_heap_drain(heap);
    MUST(!cn_live_test(cn_granule_of(kept)));
    cn_heap_check(heap);
}

static void abandoned_heap_is_taken_over_whole(void **state) {
    (void)state;
    expect_return(abandon_and_adopt, NULL);
}

static void claim_named_beside_abandoned(void *argument) {
    (void)argument;
    struct cairn_heap *heap = claim();
    (void)take(heap, 7);
    cn_heap_abandon(heap);
    struct cairn_heap *named = claim_named();
    MUST(named != heap && cn_heap_state(heap) == CN_HEAP_ABANDONED);
    (void)cn_heap_trim_abandoned();
    MUST(cn_heap_state(heap) == CN_HEAP_ABANDONED); /* it still has a block */
    MUST(claim_named() != heap);
    cn_heap_vacate(named);
    MUST(cn_heap_state(named) == CN_HEAP_VACANT && claim_named() == named);
    cn_heap_vacate(named);
    MUST(claim() == heap && claim() == named); /* a thread takes either */
}

static void named_heaps_are_made_of_vacant_ones_alone(void **state) {
    (void)state;
    expect_return(claim_named_beside_abandoned, NULL);
}

static void trim_until_vacant(void *argument) {
    (void)argument;
    struct cairn_heap *heap = claim();
    void *block = take(heap, 50);
    cn_heap_abandon(heap);
    MUST(cn_remote_post(&heap->remote, cn_granule_of(block)));
    (void)cn_heap_trim_abandoned();
    MUST(cn_heap_state(heap) == CN_HEAP_VACANT && atomic_load(&heap->slots_held) == 0);
    MUST(claim_named() == heap);
    check_arenas();
}

static void abandoned_heap_that_holds_nothing_becomes_vacant(void **state) {
    (void)state;
    expect_return(trim_until_vacant, NULL);
}

static void drain_those_without_a_thread(void *argument) {
    (void)argument;
    enum { HEAPS = 10 };
    struct cairn_heap *heaps[HEAPS];
    void *blocks[HEAPS];
    for (size_t i = 0; i < HEAPS; i++) {
        heaps[i] = claim();
        blocks[i] = take(heaps[i], 3);
    }
    for (size_t i = 0; i < HEAPS; i++) {
        cn_heap_abandon(heaps[i]);
        MUST(cn_remote_post(&heaps[i]->remote, cn_granule_of(blocks[i])));
    }
    for (size_t i = 0; i < 2 * HEAPS; i++) {
        cn_heap_drain_abandoned();
    }
    for (size_t i = 0; i < HEAPS; i++) {
        MUST(!cn_live_test(cn_granule_of(blocks[i])));
    }
}

static void what_was_freed_to_heaps_without_a_thread_is_taken_in(void **state) {
    (void)state;
    expect_return(drain_those_without_a_thread, NULL);
}

static void seize_in_every_state(void *argument) {
    (void)argument;
    struct cairn_heap *owned = claim();
    struct cairn_heap *named = claim_named();
    struct cairn_heap *abandoned = claim();
    (void)take(abandoned, 0);
    cn_heap_abandon(abandoned);
    MUST(!cn_heap_seize(owned) && !cn_heap_seize(named) && !cn_heap_seize(cn_heap_at(3)));
    MUST(cn_heap_seize(abandoned) && cn_heap_state(abandoned) == CN_HEAP_OWNED && !cn_heap_seize(abandoned));
    cn_heap_unseize(abandoned);
    MUST(cn_heap_state(abandoned) == CN_HEAP_ABANDONED && claim() == abandoned);
}

static void only_heaps_that_nobody_has_are_seized(void **state) {
    (void)state;
    expect_return(seize_in_every_state, NULL);
}

static void claim_them_all(void *argument) {
    (void)argument;
    for (size_t i = 0; i < CN_HEAP_LIMIT - 1; i++) {
        MUST(cn_heap_claim_named() == cn_heap_at(i));
    }
    MUST(cn_heap_claim() == NULL && cn_heap_claim_named() == NULL && cn_heap_count() == CN_HEAP_LIMIT - 1);
    cn_heap_vacate(cn_heap_at(4321));
    MUST(cn_heap_claim() == cn_heap_at(4321));
    MUST(cn_heap_claim() == NULL);
    MUST(cn_heap_claim_common() == cn_heap_at(CN_HEAP_LIMIT - 1) && cn_heap_claim_common() == NULL);
}

static void registry_ends_at_its_limit(void **state) {
    (void)state;
    expect_return(claim_them_all, NULL);
}

static void claim_without_a_region(void *argument) {
    (void)argument;
    memset((void *)&cn_region, 0, sizeof cn_region);
    MUST(cn_heap_claim() == NULL && cn_heap_claim_named() == NULL && cn_heap_count() == 0);
}

static void there_are_no_heaps_without_a_region(void **state) {
    (void)state;
    expect_return(claim_without_a_region, NULL);
}

/* ---- threads ------------------------------------------------------------------------------------------------- */

enum { CLAIMERS = 4, CLAIMS = 3000 };
static _Atomic bool is_had[CN_HEAP_LIMIT];

static void *claim_and_abandon(void *argument) {
    (void)argument;
    for (unsigned i = 0; i < CLAIMS; i++) {
        struct cairn_heap *heap = claim();
        MUST(!atomic_exchange(&is_had[cn_heap_index(heap)], true));
        void *block = take(heap, i % 20);
        cn_heap_give(heap, cn_granule_of(block));
        MUST(atomic_exchange(&is_had[cn_heap_index(heap)], false));
        cn_heap_abandon(heap);
    }
    return NULL;
}

static void claim_from_all_sides(void *argument) {
    (void)argument;
    run_threads(CLAIMERS, claim_and_abandon, NULL);
    for (size_t i = 0; i < cn_heap_count(); i++) {
        MUST(cn_heap_state(cn_heap_at(i)) == CN_HEAP_ABANDONED);
        cn_heap_check(cn_heap_at(i));
    }
    (void)cn_heap_trim_abandoned();
    check_arenas();
}

static void heap_is_never_had_by_two_threads(void **state) {
    (void)state;
    expect_return(claim_from_all_sides, NULL);
}

/* ---- after a fork -------------------------------------------------------------------------------------------- */

static void expect_rebuilt(struct cairn_heap *heap, const void *block) {
    cn_heap_check(heap);
    MUST(cn_live_test(cn_granule_of(block)));
    MUST(has_pattern(block, cn_class_at(12)->block_bytes, 12));
}

static void lose_threads_to_a_fork(void *argument) {
    (void)argument;
    struct cairn_heap *mine = claim();
    struct cairn_heap *other = claim();
    struct cairn_heap *named = claim_named();
    void *blocks[] = {take(mine, 12), take(other, 12), take(named, 12)};
    other->idle_bytes = 1; /* its thread was in the middle of something */
    named->idle_bytes = 1;
    cn_lock_take(&named->lock);
    cn_heap_after_fork(mine);
    MUST(cn_heap_state(mine) == CN_HEAP_OWNED && cn_heap_state(other) == CN_HEAP_ORPHANED);
    MUST(cn_heap_state(named) == CN_HEAP_NAMED);
    cn_lock_take(&named->lock);
    expect_rebuilt(named, blocks[2]);
    expect_rebuilt(mine, blocks[0]);
    MUST(claim() == other);
    expect_rebuilt(other, blocks[1]);
    check_arenas();
}

static void heaps_of_lost_threads_are_rebuilt_for_the_next(void **state) {
    (void)state;
    expect_return(lose_threads_to_a_fork, NULL);
}

static void lose_who_destroys_to_a_fork(void *argument) {
    (void)argument;
    struct cairn_heap *mine = claim();
    struct cairn_heap *gone = claim_named();
    cn_lock_take(&gone->lock);
    cn_heap_vacate(gone); /* the fork comes before the lock is given */
    cn_heap_after_fork(mine);
    MUST(claim_named() == gone && cn_lock_try(&gone->lock));
}

static void no_lock_of_a_heap_stays_held_after_a_fork(void **state) {
    (void)state;
    expect_return(lose_who_destroys_to_a_fork, NULL);
}

static void free_what_lost_threads_had(void *argument) {
    (void)argument;
    struct cairn_heap *mine = claim();
    struct cairn_heap *other = claim();
    void *block = take(other, 12);
    cn_heap_after_fork(mine);
    MUST(cn_remote_post(&other->remote, cn_granule_of(block)));
    cn_heap_drain_abandoned();
    MUST(!cn_live_test(cn_granule_of(block)));
    check_arenas();
}

static void what_the_child_frees_of_lost_threads_is_taken_in(void **state) {
    (void)state;
    expect_return(free_what_lost_threads_had, NULL);
}

/* As 30 threads that come to their ends one after the other, each with free memory of its own. */
static void leave_many_heaps(void *argument) {
    enum { HEAPS = 30, BLOCKS = 500 };
    struct cairn_heap *heaps[HEAPS];
    static void *blocks[BLOCKS];
    (void)argument;
    for (size_t i = 0; i < HEAPS; i++) {
        heaps[i] = claim();
        for (size_t j = 0; j < BLOCKS; j++) {
            blocks[j] = take(heaps[i], 20);
        }
        for (size_t j = 0; j < BLOCKS; j++) {
            cn_heap_give(heaps[i], cn_granule_of(blocks[j]));
        }
    }
    size_t holding = 0;
    for (size_t i = 0; i < HEAPS; i++) {
        cn_heap_abandon(heaps[i]);
        holding += atomic_load(&heaps[i]->slots_held) != 0 ? 1 : 0;
    }
    MUST(holding == 8); /* they are ready for the threads that come next */
}

static void of_many_heaps_without_a_thread_few_keep_their_memory(void **state) {
    (void)state;
    expect_return(leave_many_heaps, NULL);
}

static void lose_a_list_to_a_fork(void *argument) {
    (void)argument;
    struct cairn_heap *heap = claim();
    void *block = take(heap, 5);
    MUST(cn_remote_post(&heap->remote, cn_granule_of(block)));
    atomic_store(&heap->remote.first, NULL); /* the fork came before the push */
    cn_heap_after_fork(heap);
    cn_heap_drain(heap);
    MUST(!cn_live_test(cn_granule_of(block)));
    cn_heap_check(heap);
}

static void frees_that_a_fork_cut_off_are_found(void **state) {
    (void)state;
    expect_return(lose_a_list_to_a_fork, NULL);
}

/* No heap is claimed here, so that every child starts with none. */
static int start(void **state) {
    (void)state;
    cn_class_init();
    cn_region_init();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_claim_gives_another_heap),
        cmocka_unit_test(owner_word_tells_heap_and_class),
        cmocka_unit_test(abandoned_heap_is_taken_over_whole),
        cmocka_unit_test(named_heaps_are_made_of_vacant_ones_alone),
        cmocka_unit_test(abandoned_heap_that_holds_nothing_becomes_vacant),
        cmocka_unit_test(what_was_freed_to_heaps_without_a_thread_is_taken_in),
        cmocka_unit_test(only_heaps_that_nobody_has_are_seized),
        cmocka_unit_test(registry_ends_at_its_limit),
        cmocka_unit_test(there_are_no_heaps_without_a_region),
        cmocka_unit_test(heap_is_never_had_by_two_threads),
        cmocka_unit_test(heaps_of_lost_threads_are_rebuilt_for_the_next),
        cmocka_unit_test(no_lock_of_a_heap_stays_held_after_a_fork),
        cmocka_unit_test(what_the_child_frees_of_lost_threads_is_taken_in),
        cmocka_unit_test(of_many_heaps_without_a_thread_few_keep_their_memory),
        cmocka_unit_test(frees_that_a_fork_cut_off_are_found),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
