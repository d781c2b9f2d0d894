/*
 * os_test.c: what the layer above relies on of the operating system (os.h): reserved, committed and purged memory,
 * mappings, moved pages, and that errno stays as it was.
 */
#define _GNU_SOURCE
#include "alloc/os.h"

#include <inttypes.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "tests/unit.h"

enum { PAGES = 64 };

static size_t page(void) { return cn_os_page_bytes(); }

static bool is_fatal_to_touch(void (*touch)(void *), void *address) {
    struct child_end end = run_in_child(touch, address, 10);
    return WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGSEGV;
}

static void write_there(void *address) { *(volatile char *)address = 1; }

static void sizes_of_the_machine_are_sensible(void **state) {
    (void)state;
    assert_int_equal(page(), sysconf(_SC_PAGESIZE));
    assert_true(cn_os_physical_bytes() >= 64 * MIB);
    assert_int_equal(cn_os_process_id(), getpid());
    assert_false(cn_os_is_privileged());
}

/* ---- reserved memory ----------------------------------------------------------------------------------------- */

static char *reserve(size_t bytes, size_t alignment) {
    char *memory = cn_os_reserve(bytes, alignment);
    MUST(memory != NULL && is_aligned(memory, alignment));
    return memory;
}

static void commit_and_decommit(void *argument) {
    (void)argument;
    char *memory = reserve(GIB, 4 * MIB);
    for (unsigned round = 0; round < 3; round++) {
        MUST(cn_os_commit(memory, PAGES * page()));
        MUST(is_zero(memory, PAGES * page()));
        memset(memory, 0x77, PAGES * page());
        MUST(cn_os_resident_bytes(memory, PAGES * page()) == PAGES * page());
        MUST(cn_os_decommit(memory, PAGES * page()));
        MUST(cn_os_resident_bytes(memory, PAGES * page()) == 0);
    }
}

static void committed_memory_is_zero_each_time_it_comes(void **state) {
    (void)state;
    expect_return(commit_and_decommit, NULL);
}

/* Whether the mapping around the address goes into a core file. */
static bool is_dumped(const void *address) {
    FILE *file = fopen("/proc/self/smaps", "r");
    char line[512];
    bool is_inside = false;
    bool is_left_out = true;
    MUST(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        uintptr_t start;
        uintptr_t end;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &start, &end) == 2) {
            is_inside = (uintptr_t)address >= start && (uintptr_t)address < end;
        } else if (is_inside && strncmp(line, "VmFlags:", 8) == 0) {
            is_left_out = strstr(line, " dd ") != NULL;
        }
    }
    (void)fclose(file);
    return !is_left_out;
}

static void reserved_memory_is_in_core_files_only_while_it_is_committed(void **state) {
    (void)state;
    char *memory = reserve(16 * MIB, 4 * MIB);
    assert_false(is_dumped(memory + 8 * MIB));
    assert_true(cn_os_commit(memory, 8 * MIB));
    assert_true(is_dumped(memory) && is_dumped(memory + 8 * MIB - 1));
    assert_false(is_dumped(memory + 8 * MIB));
    assert_true(cn_os_decommit(memory + 4 * MIB, 4 * MIB));
    assert_true(is_dumped(memory));
    assert_false(is_dumped(memory + 4 * MIB));
    cn_os_unmap(memory, 16 * MIB);
    char *held = cn_os_hold(16 * page());
    assert_non_null(held);
    assert_false(is_dumped(held));
    assert_true(cn_os_protect(held, page(), CN_RIGHT_WRITE));
    assert_true(is_dumped(held));
    assert_true(cn_os_withhold(held, page()));
    assert_false(is_dumped(held));
    cn_os_unmap(held, 16 * page());
}

static void reserved_memory_cannot_be_accessed_until_it_is_committed(void **state) {
    (void)state;
    char *memory = reserve(16 * MIB, 4 * MIB);
    assert_true(is_fatal_to_touch(write_there, memory));
    assert_true(cn_os_commit(memory + page(), page()));
    memory[page()] = 1;
    assert_true(is_fatal_to_touch(write_there, memory + 2 * page()));
    assert_true(is_fatal_to_touch(write_there, memory + page() - 1));
    assert_true(cn_os_decommit(memory + page(), page()));
    assert_true(is_fatal_to_touch(write_there, memory + page()));
    cn_os_unmap(memory, 16 * MIB);
}

static void purge_the_middle(void *argument) {
    (void)argument;
    char *memory = cn_os_map(PAGES * page(), page());
    memset(memory, 0x55, PAGES * page());
    MUST(cn_os_purge(memory + page(), 10 * page()));
    MUST(is_zero(memory + page(), 10 * page()));
    MUST(memory[0] == 0x55 && memory[11 * page()] == 0x55);
    memory[page()] = 1;
    MUST(cn_os_renew(memory, PAGES * page()) && is_zero(memory, PAGES * page()));
}

static void purged_memory_reads_as_zero_and_stays_accessible(void **state) {
    (void)state;
    expect_return(purge_the_middle, NULL);
}

static void locked_memory_is_not_purged(void **state) {
    (void)state;
    char *memory = cn_os_map(4 * page(), page());
    memset(memory, 1, 4 * page());
    if (syscall(SYS_mlock, memory, 4 * page()) !=
        0) { /* sanitizers put a function that does nothing in mlock's place */
        cn_os_unmap(memory, 4 * page());
        skip(); /* the limit of locked memory is lower */
    }
    assert_false(cn_os_purge(memory, 4 * page()));
    assert_int_equal(memory[3 * page()], 1);
    cn_os_unmap(memory, 4 * page());
}

/* ---- mappings ------------------------------------------------------------------------------------------------ */

static void mappings_are_zero_and_aligned(void **state) {
    (void)state;
    for (size_t alignment = 1; alignment <= GIB; alignment *= 2) {
        char *memory = cn_os_map(3 * page(), alignment);
        assert_non_null(memory);
        assert_true(is_aligned(memory, alignment) && is_zero(memory, 3 * page()));
        memory[3 * page() - 1] = 1;
        cn_os_unmap(memory, 3 * page());
    }
    assert_null(cn_os_map(PTRDIFF_MAX - 4095, page()));
    assert_null(cn_os_map(4096, (size_t)1 << 62));
    assert_null(cn_os_map(PTRDIFF_MAX - 4095, (size_t)1 << 62));
}

static void mapping_is_resized_where_it_is(void **state) {
    (void)state;
    char *memory = cn_os_map(PAGES * page(), page());
    memset(memory, 3, PAGES * page());
    assert_true(cn_os_resize(memory, PAGES * page(), page()));
    assert_true(is_fatal_to_touch(write_there, memory + page()));
    bool has_grown = cn_os_resize(memory, page(), 3 * page()); /* nothing has been mapped there since */
    assert_true(has_grown && memory[0] == 3 && is_zero(memory + page(), 2 * page()));
    assert_false(cn_os_resize(memory, 3 * page(), (size_t)1 << 60));
    assert_int_equal(memory[0], 3);
    cn_os_unmap(memory, 3 * page());
}

static bool kernel_can_move(void) {
    char *page_there = cn_os_map(page(), page());
    void *moved = mremap(page_there, page(), page(), MREMAP_MAYMOVE | 4 /* MREMAP_DONTUNMAP */, NULL);
    cn_os_unmap(page_there, page());
    return moved != MAP_FAILED && munmap(moved, page()) == 0;
}

static void moved_pages_arrive_and_leave_zero_behind(void **state) {
    (void)state;
    size_t bytes = PAGES * page();
    char *from = cn_os_map(bytes, page());
    char *to = cn_os_map(2 * bytes, page());
    char *back = cn_os_map(2 * bytes, page());
    fill_pattern(from, bytes, 5);
    memset(to, 9, 2 * bytes);
    enum cn_move outcome = cn_os_move(from, bytes, to, 2 * bytes);
    assert_int_equal(outcome, kernel_can_move() ? CN_MOVE_DONE : CN_MOVE_REFUSED);
    if (outcome == CN_MOVE_DONE) {
        assert_true(has_pattern(to, bytes, 5) && is_zero(to + bytes, bytes) && is_zero(from, bytes));
        assert_true(cn_os_move(to, 2 * bytes, back, 2 * bytes) == CN_MOVE_DONE); /* it is one mapping */
        assert_true(has_pattern(back, bytes, 5));
    } else {
        assert_true(has_pattern(from, bytes, 5));
    }
    cn_os_unmap(from, bytes);
    cn_os_unmap(to, 2 * bytes);
    cn_os_unmap(back, 2 * bytes);
}

static void refused_move_leaves_both_ends_accessible(void **state) {
    (void)state;
    char *from = cn_os_map(4 * page(), page());
    char *to = cn_os_map(4 * page(), page());
    fill_pattern(from, 4 * page(), 6);
    fill_pattern(to, 4 * page(), 7);
    assert_int_equal(mprotect(from + page(), page(), PROT_READ), 0); /* more than one mapping from now on */
    if (cn_os_move(from, 4 * page(), to, 4 * page()) == CN_MOVE_REFUSED) {
        assert_true(has_pattern(from, 4 * page(), 6) && has_pattern(to, 4 * page(), 7));
    } else {
        assert_true(has_pattern(to, 4 * page(), 6));
    }
    cn_os_unmap(from, 4 * page());
    cn_os_unmap(to, 4 * page());
}

static void resident_bytes_count_what_was_touched(void **state) {
    (void)state;
    enum { MANY = 3000 }; /* more than are asked for in one call */
    char *memory = cn_os_map(MANY * page(), page());
    (void)madvise(memory, MANY * page(), MADV_NOHUGEPAGE);
    assert_int_equal(cn_os_resident_bytes(memory, MANY * page()), 0);
    for (size_t i = 0; i < MANY; i += 3) {
        memory[i * page()] = 1;
        assert_int_equal(cn_os_resident_bytes(memory + i * page(), page()), page());
    }
    assert_int_equal(cn_os_resident_bytes(memory, MANY * page()), MANY / 3 * page());
    cn_os_unmap(memory, MANY * page());
    assert_int_equal(cn_os_resident_bytes(memory, page()), page()); /* nothing is known of it */
}

/* ---- errno --------------------------------------------------------------------------------------------------- */

static void errno_stays_as_it_was(void **state) {
    (void)state;
    errno = 1789;
    (void)cn_os_map(PTRDIFF_MAX - 4095, 4096);
    (void)cn_os_purge((void *)page(), page());
    (void)cn_os_resize((void *)page(), page(), 2 * page());
    (void)cn_os_resident_bytes((void *)page(), page());
    (void)cn_os_open("/nowhere/at/all");
    (void)cn_os_write(-1, "x", 1);
    (void)cn_os_duplicate(-1);
    cn_os_close(-1);
    cn_os_unmap((void *)1, 1);
    uint32_t word = 5;
    cn_os_wait(&word, 4); /* does not sleep: the word is another */
    cn_os_wake(&word);
    assert_int_equal(errno, 1789);
}

static void peek_reads_up_to_what_cannot_be_read(void **state) {
    size_t page = cn_os_page_bytes();
    char *pages = cn_os_map(3 * page, page);
    char *copy = cn_os_map(3 * page, page);
    (void)state;
    fill_pattern(pages, 3 * page, 5);
    assert_int_equal(cn_os_peek(pages, copy, 3 * page), 3 * page);
    assert_true(has_pattern(copy, 3 * page, 5));
    cn_os_unmap(pages + page, page);
    assert_int_equal(cn_os_peek(pages + 10, copy, 3 * page - 10), page - 10);
    assert_int_equal(cn_os_peek(pages + page, copy, 1), 0);
    assert_int_equal(cn_os_peek(pages + 2 * page, copy, page), page);
    assert_int_equal(cn_os_peek(NULL, copy, 1), 0);
    cn_os_unmap(pages, page);
    cn_os_unmap(pages + 2 * page, page);
    cn_os_unmap(copy, 3 * page);
}

static void file_goes_on_where_it_is_appended_to(void **state) {
    char path[] = "/tmp/cairn_os_test_XXXXXX";
    char text[16] = {0};
    (void)state;
    int fd = mkstemp(path);
    MUST(fd >= 0 && cn_os_write(fd, "one ", 4) == 0);
    cn_os_close(fd);
    fd = cn_os_open_to_append(path);
    assert_true(fd >= 0);
    assert_int_equal(cn_os_write(fd, "two", 3), 0);
    assert_false(cn_os_is_terminal(fd));
    cn_os_close(fd);
    fd = cn_os_open_to_read(path);
    assert_int_equal(cn_os_read(fd, text, sizeof text), 7);
    assert_int_equal(cn_os_read(fd, text + 8, 1), 0);
    cn_os_close(fd);
    assert_string_equal(text, "one two");
    assert_int_equal(unlink(path), 0);
}

static void milliseconds_never_go_back(void **state) {
    (void)state;
    uint64_t before = cn_os_milliseconds();
    struct timespec pause = {0, 30 * 1000 * 1000};
    nanosleep(&pause, NULL);
    uint64_t after = cn_os_milliseconds();
    assert_true(after - before >= 15 && after - before < 60 * 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_of_the_machine_are_sensible),
        cmocka_unit_test(committed_memory_is_zero_each_time_it_comes),
        cmocka_unit_test(reserved_memory_is_in_core_files_only_while_it_is_committed),
        cmocka_unit_test(reserved_memory_cannot_be_accessed_until_it_is_committed),
        cmocka_unit_test(purged_memory_reads_as_zero_and_stays_accessible),
        cmocka_unit_test(locked_memory_is_not_purged),
        cmocka_unit_test(mappings_are_zero_and_aligned),
        cmocka_unit_test(mapping_is_resized_where_it_is),
        cmocka_unit_test(moved_pages_arrive_and_leave_zero_behind),
        cmocka_unit_test(refused_move_leaves_both_ends_accessible),
        cmocka_unit_test(resident_bytes_count_what_was_touched),
        cmocka_unit_test(errno_stays_as_it_was),
        cmocka_unit_test(peek_reads_up_to_what_cannot_be_read),
        cmocka_unit_test(file_goes_on_where_it_is_appended_to),
        cmocka_unit_test(milliseconds_never_go_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
