/*
 * named_heap_test.c: named heaps of one thread: their blocks, destruction, walking, stats, and their number.
 * Budgets are in heap_budget_test.c, several threads in heap_threads_test.c.
 */
#define _GNU_SOURCE
#include "alloc/cairn.h"

#include <sys/mman.h>

#include "alloc/os_watch.h"
#include "tests/child.h"
#include "tests/threads.h"

static struct cairn_stats stats_of(struct cairn_heap *heap) {
    struct cairn_stats stats;
    if (heap != NULL) {
        cairn_heap_stats_get(heap, &stats);
    } else {
        cairn_stats_get(&stats);
    }
    return stats;
}

static struct cairn_heap *new_heap(const char *name) {
    struct cairn_heap *heap = cairn_heap_create(name, NULL);
    assert_non_null(heap);
    return heap;
}

static void name_is_copied_and_cut_at_31_bytes(void **state) {
    (void)state;
    char name[] = "parser";
    struct cairn_heap *heap = new_heap(name);
    name[0] = 'X';
    assert_string_equal(cairn_heap_name(heap), "parser");
    cairn_heap_destroy(heap);
    heap = new_heap("0123456789012345678901234567890123456789");
    assert_string_equal(cairn_heap_name(heap), "0123456789012345678901234567890");
    cairn_heap_destroy(heap);
    heap = new_heap("");
    assert_string_equal(cairn_heap_name(heap), "");
    cairn_heap_destroy(heap);
}

static void destroy_of_null_is_ignored(void **state) {
    (void)state;
    errno = 77;
    cairn_heap_destroy(NULL);
    assert_int_equal(errno, 77);
}

static void blocks_of_a_heap_are_like_any_other(void **state) {
    (void)state;
    struct cairn_heap *heap = new_heap("plain");
    for (size_t size = 0; size <= 9 * MIB; size += size / 3 + 1) {
        void *block = cairn_heap_malloc(heap, size);
        void *clear = cairn_heap_calloc(heap, 1, size);
        void *aligned = cairn_heap_aligned_alloc(heap, 4096, size);
        assert_non_null(block);
        assert_true(is_aligned(block, 16) && is_aligned(aligned, 4096));
        assert_true(cairn_heap_usable_size(heap, block) >= size);
        assert_int_equal(cairn_heap_usable_size(heap, block), cairn_usable_size(block));
        assert_true(is_zero(clear, size));
        fill_pattern(block, size, size);
        fill_pattern(aligned, size, size + 1);
        block = cairn_heap_realloc(heap, block, size * 2 + 1);
        assert_true(has_pattern(block, size, size));
        assert_true(has_pattern(aligned, size, size + 1));
        cairn_heap_free(heap, block);
        cairn_heap_free(heap, clear);
        cairn_free(aligned);
    }
    assert_int_equal(stats_of(heap).block_count, 0);
    assert_true(cairn_check());
    cairn_heap_destroy(heap);
}

static void edges_are_those_of_the_default_heap(void **state) {
    (void)state;
    struct cairn_heap *heap = new_heap("edges");
    errno = 0;
    assert_null(cairn_heap_malloc(heap, hide_size((size_t)PTRDIFF_MAX + 1)));
    assert_int_equal(errno, ENOMEM);
    errno = 0;
    assert_null(cairn_heap_calloc(heap, hide_size(SIZE_MAX / 2), 3));
    assert_int_equal(errno, ENOMEM);
    errno = 0;
    assert_null(cairn_heap_aligned_alloc(heap, 24, 24));
    assert_int_equal(errno, EINVAL);
    void *first = cairn_heap_malloc(heap, 0);
    void *second = cairn_heap_realloc(heap, NULL, 0);
    assert_true(first != NULL && second != NULL && first != second);
    assert_null(cairn_heap_realloc(heap, first, 0));
    cairn_heap_free(heap, second);
    cairn_heap_free(heap, NULL);
    assert_int_equal(cairn_heap_usable_size(heap, NULL), 0);
    assert_int_equal(stats_of(heap).block_count, 0);
    cairn_heap_destroy(heap);
}

static void realloc_without_a_heap_stays_in_the_blocks_heap(void **state) {
    (void)state;
    struct cairn_heap *heap = new_heap("home");
    void *block = cairn_heap_malloc(heap, 10);
    fill_pattern(block, 10, 1);
    for (size_t size = 20; size < 20 * MIB; size *= 3) {
        block = cairn_realloc(block, size);
        assert_non_null(block);
        assert_true(has_pattern(block, 10, 1));
        struct cairn_stats stats = stats_of(heap);
        assert_int_equal(stats.block_count, 1);
        assert_true(stats.block_bytes >= size);
    }
    assert_null(cairn_realloc(block, 0));
    assert_int_equal(stats_of(heap).block_count, 0);
    cairn_heap_destroy(heap);
}

/* ---- destruction --------------------------------------------------------------------------------------------- */

static void fill_heap(struct cairn_heap *heap, size_t bytes) {
    uint64_t random = 3;
    for (size_t taken = 0; taken < bytes;) {
        size_t size = random_size(&random, 18) + 1;
        void *block = cairn_heap_malloc(heap, size);
        assert_non_null(block);
        memset(block, 0x77, size);
        taken += size;
    }
}

static void destroy_frees_every_block(void **state) {
    (void)state;
    uint64_t blocks = stats_of(NULL).block_count;
    uint64_t heaps = stats_of(NULL).heap_count;
    struct cairn_heap *heap = new_heap("doomed");
    fill_heap(heap, 20 * MIB);
    assert_int_equal(stats_of(NULL).block_count, blocks + stats_of(heap).block_count);
    cairn_heap_destroy(heap);
    assert_int_equal(stats_of(NULL).block_count, blocks);
    assert_int_equal(stats_of(NULL).heap_count, heaps);
    assert_true(cairn_check());
}

/* Whether the process shrinks by what it gives back: a sanitizer may keep what it noted of touched memory. */
static bool process_shrinks(void) {
    enum { TOUCHED_BYTES = 64 * MIB };
    if (cn_watch_is_on()) {
        return false;
    }
    size_t before = resident_bytes();
    char *memory = mmap(NULL, TOUCHED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(memory != MAP_FAILED);
    fill_pattern(memory, TOUCHED_BYTES, 1);
    MUST(madvise(memory, TOUCHED_BYTES, MADV_DONTNEED) == 0);
    size_t after = resident_bytes();
    MUST(munmap(memory, TOUCHED_BYTES) == 0);
    return after < before + TOUCHED_BYTES / 2;
}

static void destroy_gives_the_memory_back(void **state) {
    (void)state;
    if (!process_shrinks()) {
        skip();
    }
    cairn_trim();
    size_t before = resident_bytes();
    for (unsigned round = 0; round < 3; round++) {
        struct cairn_heap *heap = new_heap("large");
        fill_heap(heap, 100 * MIB);
        assert_true(resident_bytes() > before + 80 * MIB);
        cairn_heap_destroy(heap);
        cairn_trim();
        assert_true(resident_bytes() < before + 8 * MIB);
    }
}

static void memory_of_a_destroyed_heap_serves_others(void **state) {
    (void)state;
    uint64_t peak = 0;
    for (unsigned round = 0; round < 20; round++) {
        struct cairn_heap *heap = new_heap("again");
        fill_heap(heap, 16 * MIB);
        cairn_heap_destroy(heap);
        struct cairn_stats stats = stats_of(NULL);
        peak = round == 2 ? stats.peak_arena_bytes : peak;
    }
    assert_true(stats_of(NULL).peak_arena_bytes <= peak + 8 * MIB);
}

static void calloc_after_destroy_is_clear(void **state) {
    (void)state;
    struct cairn_heap *heap = new_heap("dirty");
    fill_heap(heap, 8 * MIB);
    cairn_heap_destroy(heap);
    heap = new_heap("clean");
    uint64_t random = 3;
    for (unsigned i = 0; i < 1000; i++) {
        size_t size = random_size(&random, 15) + 1;
        assert_true(is_zero(cairn_heap_calloc(heap, 1, size), size));
    }
    cairn_heap_destroy(heap);
}

/* ---- a block of another heap --------------------------------------------------------------------------------- */

static struct cairn_heap *one_heap;
static void *block_of_another;

static void free_in_one_heap(void *argument) {
    (void)argument;
    cairn_heap_free(one_heap, block_of_another);
}

static void realloc_in_one_heap(void *argument) {
    (void)argument;
    MUST(cairn_heap_realloc(one_heap, block_of_another, 500) == NULL);
}

static void ask_size_in_one_heap(void *argument) {
    (void)argument;
    MUST(cairn_heap_usable_size(one_heap, block_of_another) == 0);
}

static void expect_bad_free_everywhere(void) {
    struct child_end end = run_in_child(free_in_one_heap, NULL, 20);
    expect_abort(&end, "cairn: ERROR: bad-free: ");
    end = run_in_child(realloc_in_one_heap, NULL, 20);
    expect_abort(&end, "cairn: ERROR: bad-free: ");
    end = run_in_child(ask_size_in_one_heap, NULL, 20);
    expect_abort(&end, "cairn: ERROR: bad-free: ");
}

static void block_of_another_heap_is_reported(void **state) {
    (void)state;
    static const size_t sizes[] = {40, 3000, 100 * KIB, 5 * MIB};
    one_heap = new_heap("one");
    struct cairn_heap *other_heap = new_heap("other");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        block_of_another = cairn_heap_malloc(other_heap, sizes[i]);
        expect_bad_free_everywhere();
        cairn_free(block_of_another);
        block_of_another = cairn_malloc(sizes[i]);
        expect_bad_free_everywhere();
        cairn_free(block_of_another);
    }
    cairn_heap_destroy(other_heap);
    cairn_heap_destroy(one_heap);
}

/* ---- number -------------------------------------------------------------------------------------------------- */

static void more_heaps_than_the_limit_can_follow_one_another(void **state) {
    (void)state;
    for (unsigned i = 0; i < 40000; i++) {
        struct cairn_heap *heap = new_heap("brief");
        void *block = cairn_heap_malloc(heap, i % 3000);
        assert_non_null(block);
        if (i % 2 == 0) {
            cairn_heap_free(heap, block);
        }
        cairn_heap_destroy(heap);
    }
    assert_true(cairn_check());
}

static void thousands_of_heaps_live_side_by_side(void **state) {
    (void)state;
    enum { COUNT = 2000 };
    static struct cairn_heap *heaps[COUNT];
    static void *blocks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        char name[32];
        snprintf(name, sizeof name, "heap %zu", i);
        heaps[i] = new_heap(name);
        blocks[i] = cairn_heap_malloc(heaps[i], 200);
        fill_pattern(blocks[i], 200, i);
    }
    for (size_t i = 0; i < COUNT; i++) {
        char name[32];
        snprintf(name, sizeof name, "heap %zu", i);
        assert_string_equal(cairn_heap_name(heaps[i]), name);
        assert_int_equal(stats_of(heaps[i]).block_count, 1);
        assert_true(has_pattern(blocks[i], 200, i));
        cairn_heap_destroy(heaps[i]);
    }
    assert_true(cairn_check());
}

/* In a thread that gets no heap: the one that such threads share packs blocks as others do. */
static void *take_small_blocks(void *argument) {
    enum { COUNT = 1000 };
    static void *blocks[COUNT];
    size_t at_page_starts = 0;
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = cairn_malloc(24);
        MUST(blocks[i] != NULL);
        at_page_starts += (uintptr_t)blocks[i] % 4096 == 0 ? 1 : 0;
    }
    MUST(at_page_starts < COUNT / 10);
    for (size_t i = 0; i < COUNT; i++) {
        cairn_free(blocks[i]);
    }
    return argument;
}

static void the_heap_beyond_the_limit_is_enomem(void **state) {
    (void)state;
    enum { LIMIT = 32768 };
    static struct cairn_heap *heaps[LIMIT + 1];
    size_t count = 0;
    errno = 0;
    while (count <= LIMIT && (heaps[count] = cairn_heap_create("many", NULL)) != NULL) {
        count++;
    }
    assert_int_equal(errno, ENOMEM);
    assert_true(count < LIMIT && count > LIMIT - 100);
    run_threads(1, take_small_blocks, NULL);
    for (size_t i = 0; i < count; i++) {
        cairn_heap_destroy(heaps[i]);
    }
    cairn_heap_destroy(new_heap("room again"));
    assert_true(cairn_check());
}

enum { FAILURES = 40000 };

static void *fail_to_allocate(void *argument) {
    (void)argument;
    for (size_t i = 0; i < FAILURES; i++) {
        MUST(cairn_malloc(10) == NULL);
    }
    return NULL;
}

static void *do_nothing(void *argument) { return argument; }

/* Runs the thread where there is no memory for more than it; a first one, which comes and goes, leaves it its stack. */
static void run_without_memory(void *(*run)(void *)) {
    struct rlimit limit;
    cairn_free(cairn_malloc(1));
    run_threads(1, do_nothing, NULL);
    MUST(getrlimit(RLIMIT_DATA, &limit) == 0);
    const struct rlimit low = {MIB, limit.rlim_max};
    MUST(setrlimit(RLIMIT_DATA, &low) == 0);
    run_threads(1, run, NULL);
    MUST(setrlimit(RLIMIT_DATA, &limit) == 0);
}

static void only_run_without_memory(void *argument) {
    (void)argument;
    run_without_memory(do_nothing);
}

static void run_out_of_memory_for_heaps(void *argument) {
    (void)argument;
    run_without_memory(fail_to_allocate);
    MUST(cairn_heap_create("late", NULL) != NULL);
}

static void a_thread_that_gets_no_heap_uses_none_up(void **state) {
    (void)state;
    struct child_end without = run_in_child(only_run_without_memory, NULL, 5);
    if (!child_succeeded(&without)) {
        skip(); /* under sanitizers no thread comes to be under such a limit */
    }
    struct child_end end = run_in_child(run_out_of_memory_for_heaps, NULL, 5);
    expect_success(&end);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        /* First, before the process has heaps that a thread could take over. */
        cmocka_unit_test(a_thread_that_gets_no_heap_uses_none_up),
        cmocka_unit_test(name_is_copied_and_cut_at_31_bytes),
        cmocka_unit_test(destroy_of_null_is_ignored),
        cmocka_unit_test(blocks_of_a_heap_are_like_any_other),
        cmocka_unit_test(edges_are_those_of_the_default_heap),
        cmocka_unit_test(realloc_without_a_heap_stays_in_the_blocks_heap),
        cmocka_unit_test(destroy_frees_every_block),
        cmocka_unit_test(destroy_gives_the_memory_back),
        cmocka_unit_test(memory_of_a_destroyed_heap_serves_others),
        cmocka_unit_test(calloc_after_destroy_is_clear),
        cmocka_unit_test(block_of_another_heap_is_reported),
        cmocka_unit_test(more_heaps_than_the_limit_can_follow_one_another),
        cmocka_unit_test(thousands_of_heaps_live_side_by_side),
        cmocka_unit_test(the_heap_beyond_the_limit_is_enomem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
