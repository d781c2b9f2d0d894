/*
 * report_test.c: the first line of each report of the debug form, to the letter, and what stands below it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>

#include "alloc/options.h"
#include "alloc/os.h"
#include "tests/reports.h"

static void say(const char *format, const void *pointer) {
    char line[512];
    int length = snprintf(line, sizeof line, format, pointer);
    MUST(length > 0 && cn_os_write(STDERR_FILENO, line, (size_t)length) == 0);
}

/* Each misuse says first what the report must begin with; its first line is then told apart by `: ERROR: `. */
static void promise(const char *format, const void *pointer) { say(format, pointer); }

/* The first line after those that the child promised must be the promise. */
static void expect_promised(void (*run)(void *)) {
    struct child_end end = run_in_child(run, NULL, SECONDS);
    char *report = strstr(end.text, "cairn: ERROR: ");
    MUST(WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGABRT);
    assert_non_null(report);
    *strchr(report, '\n') = '\0';
    report[-1] = '\0';
    assert_string_equal(report + strlen("cairn: ERROR: "), end.text);
}

/* ---- first lines --------------------------------------------------------------------------------------------- */

static void overflow(void *argument) {
    (void)argument;
    char *block = block_of(40);
    spoil(block + 40, 3);
    promise(
        "heap-buffer-overflow: block of 40 bytes at %p has 3 bytes written past its end, at offset 40; found at free\n",
        block);
    cairn_free(block);
}

static void overflow_found_by_check(void *argument) {
    (void)argument;
    char *block = block_of(1);
    spoil(block + 1, 1);
    promise("heap-buffer-overflow: block of 1 byte at %p has 1 byte written past its end, at offset 1; found at "
            "cairn_check\n",
            block);
    cairn_check();
}

static void underflow(void *argument) {
    (void)argument;
    char *block = block_of(100000);
    spoil(block - 8, 4);
    promise("heap-buffer-underflow: block of 100000 bytes at %p has 4 bytes written before its start, at offset -8; "
            "found at realloc\n",
            block);
    (void)hide(cairn_realloc(block, 10));
}

static void use_after_free(void *argument) {
    (void)argument;
    char *block = block_of(64);
    cairn_free(block);
    spoil(hide(block + 10), 2);
    promise(
        "heap-use-after-free: block of 64 bytes at %p has 2 bytes written after it was freed, at offset 10; found at "
        "cairn_check\n",
        block);
    cairn_check();
}

static void double_free(void *argument) {
    (void)argument;
    char *block = block_of(64);
    cairn_free(block);
    promise("double-free: free of %p, which is already free\n", block);
    cairn_free(hide(block));
}

static void realloc_of_freed(void *argument) {
    (void)argument;
    char *block = block_of(64);
    cairn_free(block);
    promise("realloc-of-freed: realloc of %p, which is already free\n", block);
    (void)hide(cairn_realloc(hide(block), 100));
}

static void usable_size_of_freed(void *argument) {
    (void)argument;
    char *block = block_of(64);
    cairn_free(block);
    promise("bad-free: malloc_usable_size of %p, which is already free\n", block);
    (void)cairn_usable_size(hide(block));
}

static void free_of_interior(void *argument) {
    (void)argument;
    char *block = block_of(64) + 1;
    promise("bad-free: free of %p, which is not the start of a live block: it lies 1 byte inside a block of 64 bytes\n",
            block);
    cairn_free(block);
}

static void free_of_freed_interior(void *argument) {
    (void)argument;
    char *block = block_of(64);
    cairn_free(block);
    promise("bad-free: free of %p, which is not the start of a live block: it lies 32 bytes inside a freed block of 64 "
            "bytes\n",
            block + 32);
    cairn_free(hide(block + 32));
}

static void free_of_head(void *argument) {
    (void)argument;
    char *block = block_of(64) - 16;
    promise(
        "bad-free: free of %p, which is not the start of a live block: it lies 16 bytes before a block of 64 bytes\n",
        block);
    cairn_free(block);
}

static void free_of_tail(void *argument) {
    (void)argument;
    char *block = block_of(65) + 66;
    promise(
        "bad-free: free of %p, which is not the start of a live block: it lies 1 byte past the end of a block of 65 "
        "bytes\n",
        block);
    cairn_free(block);
}

static void free_of_fresh(void *argument) {
    (void)argument;
    char *block = block_of(5000) + (8 << 20);
    promise("bad-free: free of %p, which is not the start of a live block: no block was handed out there\n", block);
    cairn_free(block);
}

static void free_of_stack(void *argument) {
    char local[64];
    char *inside = hide(local);
    (void)argument;
    promise("bad-free: free of %p, which is not the start of a live block: it lies outside the heap, on the stack of "
            "thread 1\n",
            inside + 16);
    cairn_free(inside + 16);
}

static void *free_own_stack(void *argument) {
    char local[64];
    char *inside = hide(local);
    cairn_free(cairn_malloc(1));
    promise(argument, inside);
    cairn_free(inside);
    return NULL;
}

static void in_second_thread(void *(*run)(void *), void *argument) {
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, run, argument) == 0);
    MUST(pthread_join(thread, NULL) == 0);
}

static void free_of_second_stack(void *argument) {
    static char promised[] =
        "bad-free: free of %p, which is not the start of a live block: it lies outside the heap, on "
        "the stack of thread 2\n";
    (void)argument;
    in_second_thread(free_own_stack, promised);
}

static int global_array[8];

static void free_of_global(void *argument) {
    (void)argument;
    promise("bad-free: free of %p, which is not the start of a live block: it lies outside the heap, in the data of "
            "report_test_debug\n",
            global_array);
    cairn_free(hide(global_array));
}

static void free_of_code(void *argument) {
    (void)argument;
    union {
        void (*code)(void *);
        void *pointer;
    } here = {free_of_code};
    promise("bad-free: free of %p, which is not the start of a live block: it lies outside the heap, in the code of "
            "report_test_debug\n",
            here.pointer);
    cairn_free(here.pointer);
}

static void free_of_mapping(void *argument) {
    (void)argument;
    char *pages = mmap(NULL, 3 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(pages != MAP_FAILED);
    promise(
        "bad-free: free of %p, which is not the start of a live block: it lies outside the heap, in memory that was "
        "mapped by somebody else\n",
        pages + 4096);
    cairn_free(pages + 4096);
}

static void free_of_file(void *argument) {
    (void)argument;
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    char *file = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    MUST(fd >= 0 && file != MAP_FAILED);
    promise(
        "bad-free: free of %p, which is not the start of a live block: it lies outside the heap, in the mapped file "
        "passwd\n",
        file);
    cairn_free(file);
}

static void free_of_unmapped(void *argument) {
    (void)argument;
    char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(page != MAP_FAILED && munmap(page, 4096) == 0);
    promise(
        "bad-free: free of %p, which is not the start of a live block: it lies outside the heap, at an address where "
        "nothing is mapped\n",
        page);
    cairn_free(page);
}

static void free_of_small_number(void *argument) {
    (void)argument;
    void *number = hide((void *)24); // NOLINT(performance-no-int-to-ptr): what is tested
    promise("bad-free: free of %p, which is not the start of a live block: it lies outside the heap, in the page at "
            "NULL\n",
            number);
    cairn_free(number);
}

static void free_by_another_heap(void *argument) {
    (void)argument;
    void *block = cairn_heap_malloc(cairn_heap_create("one", NULL), 10);
    promise("bad-free: cairn_heap_free of %p, which is not a block of heap 'two'\n", block);
    cairn_heap_free(cairn_heap_create("two", NULL), block);
}

static void wrong_size(void *argument) {
    (void)argument;
    void *block = block_of(100);
    promise("size-mismatch: free_sized of %p with size 101 bytes, which does not belong to its block of 100 bytes\n",
            block);
    cairn_free_sized(block, 101);
}

static void wrong_size_and_alignment(void *argument) {
    (void)argument;
    void *block = cairn_aligned_alloc(64, 100);
    promise("size-mismatch: free_aligned_sized of %p with size 1 byte and alignment 64 bytes, which does not belong to "
            "its block of 100 bytes\n",
            block);
    cairn_free_aligned_sized(block, 64, 1);
}

static void impossible_alignment(void *argument) {
    (void)argument;
    void *block = cairn_aligned_alloc(64, 100);
    promise("invalid-alignment: free_aligned_sized of %p with alignment 48 bytes, which is not a power of two\n",
            block);
    cairn_free_aligned_sized(block, 48, 100);
}

static void every_misuse_has_its_first_line(void **state) {
    static void (*const misuses[])(void *) = {overflow,
                                              overflow_found_by_check,
                                              underflow,
                                              use_after_free,
                                              double_free,
                                              realloc_of_freed,
                                              usable_size_of_freed,
                                              free_of_interior,
                                              free_of_freed_interior,
                                              free_of_head,
                                              free_of_tail,
                                              free_of_fresh,
                                              free_by_another_heap,
                                              wrong_size,
                                              wrong_size_and_alignment,
                                              impossible_alignment};
    (void)state;
    for (size_t i = 0; i < sizeof misuses / sizeof misuses[0]; i++) {
        expect_promised(misuses[i]);
    }
}

static void every_place_outside_the_heap_is_named(void **state) {
    static void (*const misuses[])(void *) = {free_of_stack,    free_of_second_stack, free_of_global,
                                              free_of_code,     free_of_mapping,      free_of_file,
                                              free_of_unmapped, free_of_small_number};
    (void)state;
    for (size_t i = 0; i < sizeof misuses / sizeof misuses[0]; i++) {
        expect_promised(misuses[i]);
    }
}

/* ---- what stands below --------------------------------------------------------------------------------------- */

static void damaged_bytes_are_marked_beside_what_they_should_be(void **state) {
    (void)state;
    struct child_end end = run_in_child(overflow, NULL, SECONDS);
    expect_words(&end, "  block      40 bytes at 0x");
    expect_words(&end, "live, ");
    expect_words(&end, "+32   cd cd cd cd cd cd cd cd 00 00 00 ");
    expect_words(&end, " ^^ ^^ ^^\n");
    expect_words(&end, "should be");
}

static void write_into_middle(void *argument) {
    (void)argument;
    (void)block_of(24);
    char *block = block_of(24);
    (void)block_of(24);
    spoil(block + 24, 1);
    cairn_free(block);
}

static void neighbours_are_named(void **state) {
    (void)state;
    struct child_end end = run_in_child(write_into_middle, NULL, SECONDS);
    expect_words(&end, "    before   24 bytes at 0x");
    expect_words(&end, "    behind   24 bytes at 0x");
}

static void report_in_colour(void *argument) {
    cn_options.color = CN_COLOR_ALWAYS;
    double_free(argument);
}

static void colours_are_for_terminals_or_whoever_asks(void **state) {
    (void)state;
    struct child_end plain = run_in_child(double_free, NULL, SECONDS);
    struct child_end coloured = run_in_child(report_in_colour, NULL, SECONDS);
    assert_null(strchr(plain.text, '\033'));
    expect_words(&coloured, "\033[1;31mcairn: ERROR: double-free: ");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_misuse_has_its_first_line),
        cmocka_unit_test(every_place_outside_the_heap_is_named),
        cmocka_unit_test(damaged_bytes_are_marked_beside_what_they_should_be),
        cmocka_unit_test(neighbours_are_named),
        cmocka_unit_test(colours_are_for_terminals_or_whoever_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
