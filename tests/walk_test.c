/*
 * walk_test.c: cairn_walk and cairn_heap_walk see each live block once, in order of address, with its usable size.
 */
#define _GNU_SOURCE
#include "alloc/cairn.h"
#include "tests/support.h"

enum { COUNT = 5000 };
static unsigned char *blocks[COUNT];

struct seen {
    size_t count;
    size_t bytes;
    const unsigned char *last;
    size_t stop_after; /* 0: never */
};

static bool note(void *block, size_t usable_bytes, void *argument) {
    struct seen *seen = argument;
    assert_true((const unsigned char *)block > seen->last);
    assert_int_equal(usable_bytes, cairn_usable_size(block));
    seen->last = block;
    seen->count++;
    seen->bytes += usable_bytes;
    return seen->count != seen->stop_after;
}

static bool free_it(void *block, size_t usable_bytes, void *argument) {
    size_t *count = argument;
    assert_int_equal(usable_bytes, cairn_usable_size(block));
    cairn_free(block);
    ++*count;
    return true;
}

static bool free_every_other(void *block, size_t usable_bytes, void *argument) {
    size_t *count = argument;
    (void)usable_bytes;
    if (++*count % 2 == 0) {
        cairn_free(block);
    }
    return true;
}

static size_t size_at(size_t i) { return i % 100 == 99 ? 70 * KIB + i * 100 : i % 97 * (i % 31); }

static struct cairn_heap *filled_heap(void) {
    struct cairn_heap *heap = cairn_heap_create("walked", NULL);
    assert_non_null(heap);
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = cairn_heap_malloc(heap, size_at(i));
        assert_non_null(blocks[i]);
    }
    return heap;
}

static void heap_walk_sees_every_block_once_in_order(void **state) {
    (void)state;
    struct cairn_heap *heap = filled_heap();
    void *stranger = cairn_malloc(100);
    struct seen seen = {0};
    assert_true(cairn_heap_walk(heap, note, &seen));
    assert_int_equal(seen.count, COUNT);
    struct cairn_stats stats;
    cairn_heap_stats_get(heap, &stats);
    assert_int_equal(stats.block_count, COUNT);
    cairn_free(stranger);
    cairn_heap_destroy(heap);
}

static void freed_blocks_are_not_seen(void **state) {
    (void)state;
    struct cairn_heap *heap = filled_heap();
    for (size_t i = 0; i < COUNT; i += 3) {
        cairn_free(blocks[i]);
    }
    struct seen seen = {0};
    assert_true(cairn_heap_walk(heap, note, &seen));
    assert_int_equal(seen.count, COUNT - (COUNT + 2) / 3);
    cairn_heap_destroy(heap);
}

static void walk_stops_where_the_visitor_says(void **state) {
    (void)state;
    struct cairn_heap *heap = filled_heap();
    struct seen seen = {.stop_after = 10};
    assert_false(cairn_heap_walk(heap, note, &seen));
    assert_int_equal(seen.count, 10);
    cairn_heap_destroy(heap);
}

static void visitor_may_free_the_block_it_is_given(void **state) {
    (void)state;
    struct cairn_heap *heap = filled_heap();
    size_t visited = 0;
    assert_true(cairn_heap_walk(heap, free_every_other, &visited));
    assert_int_equal(visited, COUNT);
    assert_true(cairn_check());
    size_t freed = 0;
    assert_true(cairn_heap_walk(heap, free_it, &freed));
    assert_int_equal(freed, COUNT - COUNT / 2);
    struct seen seen = {0};
    assert_true(cairn_heap_walk(heap, note, &seen));
    assert_int_equal(seen.count, 0);
    cairn_heap_destroy(heap);
}

static int by_address(const void *a, const void *b) {
    const unsigned char *x = *(unsigned char *const *)a;
    const unsigned char *y = *(unsigned char *const *)b;
    return (x > y) - (x < y);
}

struct search {
    size_t found;
    const unsigned char *last;
};

static bool look_for_ours(void *block, size_t usable_bytes, void *argument) {
    struct search *search = argument;
    (void)usable_bytes;
    assert_true((const unsigned char *)block > search->last);
    search->last = block;
    search->found += search->found < COUNT && blocks[search->found] == block;
    return true;
}

static void walk_of_the_process_sees_the_blocks_of_all_heaps(void **state) {
    (void)state;
    struct cairn_heap *heap = cairn_heap_create("half", NULL);
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = i % 2 ? cairn_malloc(size_at(i)) : cairn_heap_malloc(heap, size_at(i));
    }
    qsort(blocks, COUNT, sizeof blocks[0], by_address);
    struct search search = {0};
    assert_true(cairn_walk(look_for_ours, &search));
    assert_int_equal(search.found, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        cairn_free(blocks[i]);
    }
    cairn_heap_destroy(heap);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heap_walk_sees_every_block_once_in_order),
        cmocka_unit_test(freed_blocks_are_not_seen),
        cmocka_unit_test(walk_stops_where_the_visitor_says),
        cmocka_unit_test(visitor_may_free_the_block_it_is_given),
        cmocka_unit_test(walk_of_the_process_sees_the_blocks_of_all_heaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
