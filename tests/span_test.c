/*
 * span_test.c: blocks larger than a pool serves (span.h): lengths, alignment and clearing, resizing in place, moving,
 * whose they are, and finding the span around a slot. N1 is asserted here, for there is no check of it.
 */
#define _GNU_SOURCE
#include "alloc/span.h"

#include <sched.h>

#include "alloc/arena.h"
#include "alloc/heap.h"
#include "tests/threads.h"
#include "tests/unit.h"

/* No other thread is at work. */
static void check_arenas(void) {
    cn_arena_check();
    cn_arena_check_quiet();
}

static size_t slot_of(const void *block) { return cn_slot_of_granule(cn_granule_of(block)); }
static struct cn_pool *span_of(const void *block) { return &cn_region.pools[slot_of(block)]; }

static char *make_span(struct cairn_heap *heap, size_t bytes, size_t alignment, enum cn_fill fill) {
    char *block = cn_span_malloc(heap, bytes, alignment, fill);
    MUST(block != NULL && is_aligned(block, alignment));
    MUST(cn_span_bytes(span_of(block)) >= bytes && cn_span_bytes(span_of(block)) - bytes < CN_SLOT_BYTES);
    return block;
}

/* N1: of all words of the span, the first bit of the first alone is set; and its slots are taken. */
static void expect_one_live_bit(const char *block) {
    size_t first = slot_of(block);
    size_t words = cn_pool_slots(span_of(block)) * CN_SLOT_WORDS;
    MUST(atomic_load(&cn_region.owner[first]) == CN_OWNER_SPAN);
    for (size_t word = 0; word < words; word++) {
        MUST(atomic_load(&cn_region.live[first * CN_SLOT_WORDS + word]) == (word == 0 ? 1 : 0));
        MUST(cn_arena_has_taken(first + word / CN_SLOT_WORDS));
    }
}

static void make_of_all_lengths(void *argument) {
    (void)argument;
    MUST(cn_span_slots_of(1) == 1 && cn_span_slots_of(CN_SLOT_BYTES) == 1 && cn_span_slots_of(CN_SLOT_BYTES + 1) == 2);
    for (size_t bytes = CN_SLOT_BYTES + 1; bytes <= 20 * MIB; bytes = bytes * 3 / 2) {
        char *block = make_span(NULL, bytes, CN_GRANULE_BYTES, CN_FILL_NONE);
        expect_one_live_bit(block);
        block[0] = 1;
        block[bytes - 1] = 1;
        MUST(cn_span_free(slot_of(block)));
        MUST(!cn_span_free(slot_of(block))); /* of two frees one succeeds */
        MUST(!cn_arena_has_taken(slot_of(block)) && atomic_load(&cn_region.owner[slot_of(block)]) == 0);
    }
    check_arenas();
}

static void spans_of_all_lengths_are_live_until_they_are_freed(void **state) {
    (void)state;
    expect_return(make_of_all_lengths, NULL);
}

static void make_aligned(void *argument) {
    (void)argument;
    for (size_t alignment = 1; alignment <= 64 * MIB; alignment *= 4) {
        for (size_t bytes = 1; bytes <= 9 * MIB; bytes = bytes * 9 + 5) {
            expect_one_live_bit(make_span(NULL, bytes, alignment, CN_FILL_NONE));
        }
    }
    check_arenas();
}

static void spans_keep_every_alignment(void **state) {
    (void)state;
    expect_return(make_aligned, NULL);
}

static void make_cleared(void *argument) {
    (void)argument;
    for (size_t bytes = 100 * KIB; bytes <= 10 * MIB; bytes = bytes * 5 / 3) {
        for (unsigned round = 0; round < 3; round++) {
            char *block = make_span(NULL, bytes, CN_GRANULE_BYTES, CN_FILL_ZERO);
            MUST(is_zero(block, cn_span_bytes(span_of(block))));
            memset(block, 0xee, cn_span_bytes(span_of(block)));
            MUST(cn_span_free(slot_of(block)));
        }
    }
}

static void cleared_spans_are_zero_in_used_memory_too(void **state) {
    (void)state;
    expect_return(make_cleared, NULL);
}

/* ---- resizing and moving ------------------------------------------------------------------------------------- */

static void resize_one(void *argument) {
    (void)argument;
    char *block = make_span(NULL, 300 * KIB, CN_GRANULE_BYTES, CN_FILL_NONE);
    size_t slot = slot_of(block);
    fill_pattern(block, 300 * KIB, 1);
    MUST(cn_span_resize(slot, 10 * MIB));
    MUST(cn_span_bytes(span_of(block)) == 10 * MIB && has_pattern(block, 300 * KIB, 1));
    expect_one_live_bit(block);
    block[10 * MIB - 1] = 1;
    MUST(cn_span_resize(slot, 200 * KIB) && cn_pool_slots(span_of(block)) == 4);
    MUST(has_pattern(block, 200 * KIB, 1) && !cn_arena_has_taken(slot + 4) && cn_arena_has_taken(slot + 3));
    check_arenas();
    char *next = make_span(NULL, 100 * KIB, CN_GRANULE_BYTES, CN_FILL_NONE);
    MUST(slot_of(next) == slot + 4);
    MUST(!cn_span_resize(slot, 300 * KIB) && cn_pool_slots(span_of(block)) == 4); /* the next one is in the way */
    MUST(cn_span_resize(slot, 4 * CN_SLOT_BYTES) && cn_span_resize(slot, 4 * CN_SLOT_BYTES - 1));
    MUST(cn_span_free(slot_of(next)) && cn_span_resize(slot, 300 * KIB));
    MUST(!cn_span_resize(slot, (size_t)1 << 60) && cn_pool_slots(span_of(block)) == 5);
    MUST(cn_span_free(slot));
    check_arenas();
}

static void span_grows_and_shrinks_in_place(void **state) {
    (void)state;
    expect_return(resize_one, NULL);
}

static void move_between(void *argument) {
    size_t bytes = *(size_t *)argument;
    char *from = make_span(NULL, bytes, CN_GRANULE_BYTES, CN_FILL_NONE);
    char *to = make_span(NULL, bytes + 2 * MIB, CN_GRANULE_BYTES, CN_FILL_NONE);
    fill_pattern(from, bytes, 3);
    MUST(cn_span_move(slot_of(from), slot_of(to)));
    MUST(has_pattern(to, bytes, 3));
    MUST(cn_span_free(slot_of(from)));
    char *shorter = make_span(NULL, bytes / 2, CN_GRANULE_BYTES, CN_FILL_NONE);
    MUST(cn_span_move(slot_of(to), slot_of(shorter)));
    MUST(has_pattern(shorter, bytes / 2, 3));
    MUST(cn_span_resize(slot_of(shorter), bytes / 4) && has_pattern(shorter, bytes / 4, 3));
    MUST(cn_span_free(slot_of(to)) && cn_span_free(slot_of(shorter)));
    char *again = make_span(NULL, 2 * bytes, CN_GRANULE_BYTES, CN_FILL_ZERO); /* where pages have been moved about */
    MUST(is_zero(again, 2 * bytes));
    memset(again, 1, 2 * bytes);
    check_arenas();
}

static void contents_move_by_pages_and_by_bytes(void **state) {
    (void)state;
    for (size_t bytes = 200 * KIB; bytes <= 16 * MIB; bytes *= 3) {
        expect_return(move_between, &bytes);
    }
}

/* Moves to a span of its own length in between, grows behind what has moved, shrinks into it, and grows again. */
static void move_and_resize(void *argument) {
    size_t bytes = 3 * MIB;
    char *block = make_span(NULL, bytes, CN_GRANULE_BYTES, CN_FILL_NONE);
    (void)argument;
    fill_pattern(block, bytes, 4);
    for (unsigned step = 0; step < 40; step++) {
        static const size_t growths[] = {100 * KIB, 2 * MIB, 0, 1 * MIB};
        char *moved = make_span(NULL, bytes + growths[step % 4], CN_GRANULE_BYTES, CN_FILL_NONE);
        MUST(cn_span_move(slot_of(block), slot_of(moved)) && cn_span_free(slot_of(block)));
        MUST(has_pattern(moved, bytes, 4));
        block = moved;
        size_t longer = bytes + growths[(step + 1) % 4] + 500 * KIB;
        size_t now = cn_span_resize(slot_of(block), longer) ? longer : bytes + growths[step % 4];
        fill_pattern(block, now, 4);
        bytes = step % 7 == 6 ? now / 3 : now;
        MUST(cn_span_resize(slot_of(block), bytes) && has_pattern(block, bytes, 4));
        bytes = step % 14 == 13 && cn_span_resize(slot_of(block), bytes + MIB) ? bytes + MIB : bytes;
        fill_pattern(block, bytes, 4);
    }
    MUST(cn_span_free(slot_of(block)));
    check_arenas();
}

static void contents_stay_through_many_moves(void **state) {
    (void)state;
    expect_return(move_and_resize, NULL);
}

/* ---- whose they are ------------------------------------------------------------------------------------------ */

static size_t list_length(const struct cairn_heap *heap) {
    size_t length = 0;
    for (const struct cn_pool *span = heap->spans.first; span != NULL; span = span->next) {
        length++;
    }
    return length;
}

static void make_for_a_named_heap(void *argument) {
    (void)argument;
    struct cairn_heap *heap = cn_heap_claim_named();
    MUST(heap != NULL);
    heap->budget_bytes = 20 * CN_SLOT_BYTES;
    char *first = make_span(heap, 3 * CN_SLOT_BYTES, CN_GRANULE_BYTES, CN_FILL_NONE);
    char *second = make_span(heap, 4 * CN_SLOT_BYTES, CN_GRANULE_BYTES, CN_FILL_NONE);
    (void)make_span(NULL, 4 * CN_SLOT_BYTES, CN_GRANULE_BYTES, CN_FILL_NONE);
    MUST(list_length(heap) == 2 && atomic_load(&heap->slots_held) == 7);
    char *third = make_span(heap, CN_SLOT_BYTES, 64 * CN_SLOT_BYTES, CN_FILL_NONE);
    MUST(cn_span_free(slot_of(first)) && list_length(heap) == 2 && atomic_load(&heap->slots_held) == 5);
    MUST(cn_span_resize(slot_of(third), 16 * CN_SLOT_BYTES) && atomic_load(&heap->slots_held) == 20);
    MUST(!cn_span_resize(slot_of(third), 17 * CN_SLOT_BYTES) && atomic_load(&heap->slots_held) == 20);
    cn_heap_check(heap);
    MUST(cn_span_resize(slot_of(third), 2 * CN_SLOT_BYTES) && atomic_load(&heap->slots_held) == 6);
    struct cn_pool *kept = heap->spans.first;
    cn_heap_rebuild(heap);
    MUST(list_length(heap) == 2 && atomic_load(&heap->slots_held) == 6 && kept != NULL);
    MUST(cn_span_free(slot_of(second)) && cn_span_free(slot_of(third)) && list_length(heap) == 0);
    MUST(atomic_load(&heap->slots_held) == 0 && atomic_load(&heap->peak_held_bytes) == 20 * CN_SLOT_BYTES);
    cn_heap_check(heap);
    check_arenas();
}

static void named_heap_counts_and_lists_its_spans(void **state) {
    (void)state;
    expect_return(make_for_a_named_heap, NULL);
}

static void lose_one_of_two(void *argument) {
    (void)argument;
    struct cairn_heap *heap = cn_heap_claim_named();
    MUST(heap != NULL);
    size_t lost = slot_of(make_span(heap, 3 * CN_SLOT_BYTES, CN_GRANULE_BYTES, CN_FILL_NONE));
    size_t kept = slot_of(make_span(heap, 2 * CN_SLOT_BYTES, CN_GRANULE_BYTES, CN_FILL_NONE));
    cn_span_lose(lost);
    MUST(list_length(heap) == 1 && atomic_load(&heap->slots_held) == 2);
    MUST(cn_span_find(lost) == SIZE_MAX && !cn_span_free(lost));
    MUST(cn_arena_has_taken(lost) && cn_arena_has_taken(lost + 2));
    MUST(cn_span_free(kept));
    cn_heap_check(heap);
    check_arenas();
}

static void lost_span_is_no_block_and_its_slots_stay_taken(void **state) {
    (void)state;
    expect_return(lose_one_of_two, NULL);
}

static void find_around(void *argument) {
    (void)argument;
    char *first = make_span(NULL, 5 * CN_SLOT_BYTES, CN_GRANULE_BYTES, CN_FILL_NONE);
    size_t pool = cn_arena_take(1, 1);
    (void)cn_pool_make(pool, 0, NULL, 0x4560);
    char *second = make_span(NULL, 200 * CN_SLOT_BYTES, CN_GRANULE_BYTES, CN_FILL_NONE);
    for (size_t i = 0; i < 5; i++) {
        MUST(cn_span_find(slot_of(first) + i) == slot_of(first));
    }
    for (size_t i = 0; i < 200; i++) {
        MUST(cn_span_find(slot_of(second) + i) == slot_of(second));
    }
    MUST(cn_span_find(pool) == SIZE_MAX && cn_span_find(pool + 1) == SIZE_MAX);
    MUST(cn_span_find(slot_of(second) + 200) == SIZE_MAX);
    MUST(cn_span_resize(slot_of(first), 2 * CN_SLOT_BYTES));
    MUST(cn_span_find(slot_of(first) + 1) == slot_of(first) && cn_span_find(slot_of(first) + 2) == SIZE_MAX);
    MUST(cn_span_free(slot_of(first)) && cn_span_find(slot_of(first)) == SIZE_MAX);
}

static void span_is_found_from_each_of_its_slots(void **state) {
    (void)state;
    expect_return(find_around, NULL);
}

/* ---- threads ------------------------------------------------------------------------------------------------- */

enum { ROUNDS = 2000, RACERS = 3 };
static _Atomic(char *) contested;
static _Atomic unsigned winners;
static _Atomic unsigned arrived;
static _Atomic unsigned left;

static void *free_contested(void *argument) {
    (void)argument;
    for (unsigned round = 1; round <= ROUNDS; round++) {
        if (atomic_fetch_add(&arrived, 1) + 1 == round * RACERS) { /* the last to come makes the span */
            atomic_store(&winners, 0);
            atomic_store(&contested, make_span(NULL, 2 * CN_SLOT_BYTES, CN_GRANULE_BYTES, CN_FILL_NONE));
        }
        while (atomic_load(&arrived) < round * RACERS || atomic_load(&contested) == NULL) {
            sched_yield();
        }
        if (cn_span_free(slot_of(atomic_load(&contested)))) {
            MUST(atomic_fetch_add(&winners, 1) == 0);
        }

        if (atomic_fetch_add(&left, 1) + 1 == round * RACERS) {
            MUST(atomic_load(&winners) == 1);
            atomic_store(&contested, NULL);
        }
        while (atomic_load(&left) < round * RACERS || atomic_load(&contested) != NULL) {
            sched_yield();
        }
    }
    return NULL;
}

static void race_for_a_free(void *argument) {
    (void)argument;
    run_threads(RACERS, free_contested, NULL);
    check_arenas();
}

static void of_threads_that_free_one_span_one_succeeds(void **state) {
    (void)state;
    expect_return(race_for_a_free, NULL);
}

static int start(void **state) {
    (void)state;
    cn_class_init();
    cn_region_init();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_of_all_lengths_are_live_until_they_are_freed),
        cmocka_unit_test(spans_keep_every_alignment),
        cmocka_unit_test(cleared_spans_are_zero_in_used_memory_too),
        cmocka_unit_test(span_grows_and_shrinks_in_place),
        cmocka_unit_test(contents_move_by_pages_and_by_bytes),
        cmocka_unit_test(contents_stay_through_many_moves),
        cmocka_unit_test(named_heap_counts_and_lists_its_spans),
        cmocka_unit_test(lost_span_is_no_block_and_its_slots_stay_taken),
        cmocka_unit_test(span_is_found_from_each_of_its_slots),
        cmocka_unit_test(of_threads_that_free_one_span_one_succeeds),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
