/*
 * leak_test.c: which blocks the search for leaks (leak.h) calls lost. The program's own malloc is the C library's: all
 * blocks of Cairn are the test's.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/leaks.h"

/* ---- what is lost -------------------------------------------------------------------------------------------- */

static void lose_some(void *argument) {
    (void)argument;
    EXPECT_LOST(0);
    lose(SIZE);
    lose_elsewhere(1000);
    lose(SIZE);
    EXPECT_LOST(3);
}

static void lost_blocks_are_told_by_where_they_came_from(void **state) {
    (void)state;
    struct child_end end = expect_well(lose_some, NULL);
    expect_words(&end,
                 "cairn: ERROR: leak: 1000 bytes in 1 block that nothing points to\n  block      1000 bytes at 0x");
    expect_words(&end, " in lose_elsewhere");
    expect_words(&end, "cairn: 1200 bytes lost in 3 blocks, from ");
}

static void lose_at_one_place(void *argument) {
    (void)argument;
    for (size_t size = 10; size < 15; size = hide_size(size + 1)) {
        lose(size);
    }
    lose_elsewhere(1);
    lose_elsewhere(200000);
    EXPECT_LOST(7);
}

static void lost_blocks_of_one_place_are_one_report_the_largest_first(void **state) {
    (void)state;
    struct child_end end = expect_well(lose_at_one_place, NULL);
    const char *large = strstr(end.text, "leak: 200000 bytes in 1 block");
    const char *group =
        strstr(end.text, "leak: 60 bytes in 5 blocks that nothing points to\n  the first  10 bytes at 0x");
    const char *small = strstr(end.text, "leak: 1 byte in 1 block");
    assert_non_null(large);
    assert_true(large < group && group < small);
}

CAIRN_OWN_FRAME void lose_list(void) {
    char *first = block_of(SIZE);
    char *second = block_of(SIZE + 1);
    char *third = block_of(SIZE + 2);
    memcpy(first, &second, sizeof second);
    third += 50; /* within it */
    memcpy(second + 8, &third, sizeof third);
}

CAIRN_OWN_FRAME void lose_what_points_to_itself(void) {
    char *block = block_of(40);
    memcpy(block, &block, sizeof(char *));
}

static void lose_lists(void *argument) {
    (void)argument;
    lose_list();
    lose_what_points_to_itself();
    EXPECT_LOST(4);
}

static void what_lost_blocks_point_to_is_lost_indirectly(void **state) {
    (void)state;
    struct child_end end = expect_well(lose_lists, NULL);
    expect_words(&end, "leak: 100 bytes in 1 block that nothing points to\n");
    expect_words(&end, "leak: 40 bytes in 1 block that nothing points to\n");
    expect_words(&end, "leak: 101 bytes in 1 block that only other lost blocks point to\n");
    expect_words(&end, "leak: 102 bytes in 1 block that only other lost blocks point to\n");
}

CAIRN_OWN_FRAME void lose_with_a_pointer_past_the_end(char *volatile *end) {
    char *block = block_of(64);
    *end = block + 64;
}

CAIRN_OWN_FRAME void free_one(void) {
    char *block = block_of(SIZE);
    cairn_free(block);
}

static char *volatile kept;

static void lose_but_for_ends(void *argument) {
    (void)argument;
    lose_with_a_pointer_past_the_end(&kept);
    free_one();
    EXPECT_LOST(1);
}

static void pointer_past_the_end_keeps_nothing(void **state) {
    (void)state;
    (void)expect_well(lose_but_for_ends, NULL);
}

/* ---- what is not --------------------------------------------------------------------------------------------- */

static _Thread_local char *volatile kept_by_thread;

static char **volatile kept_in_own_heap;

enum { PAGE_BYTES = 4096, PLACE = 7 };

/* In memory that was written before it became read-only, and in memory that children share. */
CAIRN_OWN_FRAME void keep_elsewhere(char **read_only, char **shared) {
    read_only[PLACE] = block_of(SIZE);
    shared[PLACE] = block_of(SIZE);
    MUST(mprotect(read_only, PAGE_BYTES, PROT_READ) == 0);
}

static void keep_in(char **read_only, char **shared) {
    MUST((void *)read_only != MAP_FAILED && (void *)shared != MAP_FAILED);
    keep_elsewhere(read_only, shared);
    EXPECT_LOST(0);
    shared[PLACE] = NULL;
    EXPECT_LOST(1);
}

static void keep_in_other_mappings(void *argument) {
    (void)argument;
    keep_in(mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

/* What is initialised lies in the file, and other data behind it. */
static _Alignas(PAGE_BYTES) char *pages[3 * PAGE_BYTES / sizeof(char *)] = {"data"};

static void keep_in_data_and_memory_with_a_name(void *argument) {
    int fd = memfd_create("memory", 0);
    (void)argument;
    MUST(fd >= 0 && ftruncate(fd, PAGE_BYTES) == 0);
    keep_in(pages, mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
}

static void data_made_read_only_and_memory_that_has_a_name_keep_what_they_point_to(void **state) {
    (void)state;
    (void)expect_well(keep_in_data_and_memory_with_a_name, NULL);
}

static void do_nothing(struct cairn_heap *heap, size_t size, void *argument) {
    (void)heap;
    (void)size;
    (void)argument;
}

CAIRN_OWN_FRAME struct cairn_heap *heap_with_an_argument(void) {
    struct cairn_heap_options options = {.on_budget = do_nothing, .argument = block_of(SIZE)};
    return cairn_heap_create("heap", &options);
}

static void keep_for_a_callback(void *argument) {
    struct cairn_heap *heap = heap_with_an_argument();
    (void)argument;
    EXPECT_LOST(0);
    cairn_heap_destroy(heap);
    EXPECT_LOST(1);
}

static void arguments_of_callbacks_are_kept(void **state) {
    (void)state;
    (void)expect_well(keep_for_a_callback, NULL);
}

static ucontext_t main_context;
static ucontext_t coroutine;

static void expect_nothing_lost(void) { EXPECT_LOST(0); }

CAIRN_OWN_FRAME void keep_at(char **place) { *place = block_of(SIZE); }

/* Another coroutine's stack, which lies below in the same mapping, is in use. */
static void keep_below_a_coroutine(void *argument) {
    enum { STACK_BYTES = 256 << 10 };
    char *memory = mmap(NULL, 3 * STACK_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)argument;
    MUST(memory != MAP_FAILED && mprotect(memory + PAGE_BYTES, 2 * STACK_BYTES, PROT_READ | PROT_WRITE) == 0);
    keep_at((char **)(void *)(memory + PAGE_BYTES));
    MUST(getcontext(&coroutine) == 0);
    coroutine.uc_stack.ss_sp = memory + PAGE_BYTES + STACK_BYTES;
    coroutine.uc_stack.ss_size = STACK_BYTES;
    coroutine.uc_link = &main_context;
    makecontext(&coroutine, expect_nothing_lost, 0);
    MUST(swapcontext(&main_context, &coroutine) == 0);
}

static void stacks_of_coroutines_keep_what_they_point_to(void **state) {
    (void)state;
    (void)expect_well(keep_below_a_coroutine, NULL);
}

static void mappings_that_are_read_only_or_shared_keep_what_they_point_to(void **state) {
    (void)state;
    (void)expect_well(keep_in_other_mappings, NULL);
}

CAIRN_OWN_FRAME void keep_everywhere(char **mapped) {
    kept = block_of(SIZE) + 99;
    kept_by_thread = block_of(0);
    char *large = block_of(300000);
    memcpy(kept - 99, &large, sizeof large);
    char *last = block_of(16);
    memcpy(large + 299992, &last, sizeof last);
    *mapped = block_of(SIZE);
    char **own = malloc(sizeof *own);
    *own = block_of(SIZE);
    kept_in_own_heap = own;
}

static void keep_all(void *argument) {
    char **mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)argument;
    MUST(mapped != MAP_FAILED);
    keep_everywhere(mapped);
    EXPECT_LOST(0);
    kept = NULL; /* the block, what it points to, and what that points to */
    EXPECT_LOST(3);
    kept_by_thread = NULL;
    EXPECT_LOST(4);
    *mapped = NULL;
    EXPECT_LOST(5);
}

static void globals_threads_mappings_and_blocks_keep_what_they_point_to(void **state) {
    (void)state;
    (void)expect_well(keep_all, NULL);
}

struct pause {
    pthread_barrier_t started;
    pthread_barrier_t over;
    _Atomic bool is_over;
};

static void *keep_on_stack(void *argument) {
    struct pause *pause = argument;
    char *volatile block = block_of(SIZE);
    kept_by_thread = block_of(SIZE);
    pthread_barrier_wait(&pause->started);
    pthread_barrier_wait(&pause->over);
    cairn_free(block);
    return NULL;
}

/* The pointer is in registers alone while the thread runs: a general one, or one of the wide ones. */
static void *keep_in_register(void *argument) {
    struct pause *pause = argument;
    char *block = block_of(SIZE);
    double wide = 0;
    char *other = block_of(SIZE);
    memcpy(&wide, &other, sizeof wide);
    other = NULL;
    pthread_barrier_wait(&pause->started);
    while (!pause->is_over) {
        __asm__ volatile("" : "+r"(block), "+x"(wide));
    }
    memcpy(&other, &wide, sizeof wide);
    cairn_free(block);
    cairn_free(other);
    return NULL;
}

static void keep_in_thread(void *(*run)(void *), size_t lost_after) {
    struct pause pause = {.is_over = false};
    pthread_t thread;
    MUST(pthread_barrier_init(&pause.started, NULL, 2) == 0 && pthread_barrier_init(&pause.over, NULL, 2) == 0);
    MUST(pthread_create(&thread, NULL, run, &pause) == 0);
    pthread_barrier_wait(&pause.started);
    EXPECT_LOST(0);
    pause.is_over = true;
    if (run == keep_on_stack) {
        pthread_barrier_wait(&pause.over);
    }
    MUST(pthread_join(thread, NULL) == 0);
    EXPECT_LOST(lost_after);
}

static void keep_in_threads(void *argument) {
    (void)argument;
    keep_in_thread(keep_in_register, 0);
    keep_in_thread(keep_on_stack, 1); /* what its thread-local variable pointed to */
}

static void stacks_and_registers_of_other_threads_keep_what_they_point_to(void **state) {
    (void)state;
    (void)expect_well(keep_in_threads, NULL);
}

static void *leave_on_stack(void *argument) {
    char *volatile blocks[64];
    (void)argument;
    for (size_t i = 0; i < 64; i++) {
        blocks[i] = block_of(SIZE);
    }
    return blocks[0] == NULL ? hide(argument) : NULL;
}

static void leave_on_stack_of_ended_thread(void *argument) {
    pthread_t thread;
    (void)argument;
    MUST(pthread_create(&thread, NULL, leave_on_stack, NULL) == 0 && pthread_join(thread, NULL) == 0);
    EXPECT_LOST(64);
}

static void stacks_of_ended_threads_keep_nothing(void **state) {
    (void)state;
    (void)expect_well(leave_on_stack_of_ended_thread, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_blocks_are_told_by_where_they_came_from),
        cmocka_unit_test(lost_blocks_of_one_place_are_one_report_the_largest_first),
        cmocka_unit_test(what_lost_blocks_point_to_is_lost_indirectly),
        cmocka_unit_test(pointer_past_the_end_keeps_nothing),
        cmocka_unit_test(mappings_that_are_read_only_or_shared_keep_what_they_point_to),
        cmocka_unit_test(data_made_read_only_and_memory_that_has_a_name_keep_what_they_point_to),
        cmocka_unit_test(arguments_of_callbacks_are_kept),
        cmocka_unit_test(stacks_of_coroutines_keep_what_they_point_to),
        cmocka_unit_test(globals_threads_mappings_and_blocks_keep_what_they_point_to),
        cmocka_unit_test(stacks_and_registers_of_other_threads_keep_what_they_point_to),
        cmocka_unit_test(stacks_of_ended_threads_keep_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
