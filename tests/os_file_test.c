/*
 * os_file_test.c: what the layer above relies on of files (os.h).
 */
#define _GNU_SOURCE
#include "alloc/os.h"

#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>

#include "tests/unit.h"

static void whole_of_a_long_text_is_written(void **state) {
    (void)state;
    enum { LENGTH = 300000 }; /* more than a pipe holds at once */
    static char text[LENGTH];
    static char got[LENGTH];
    int fd = memfd_create("text", MFD_CLOEXEC);
    memset(text, 'x', LENGTH);
    assert_int_equal(cn_os_write(fd, text, LENGTH), 0);
    assert_int_equal(pread(fd, got, LENGTH, 0), LENGTH);
    assert_memory_equal(text, got, LENGTH);
    int copy = cn_os_duplicate(fd);
    assert_true(copy >= 256 && (fcntl(copy, F_GETFD) & FD_CLOEXEC) != 0);
    assert_int_equal(cn_os_write(copy, "y", 1), 0);
    cn_os_close(copy);
    assert_int_equal(cn_os_write(copy, "y", 1), EBADF);
    assert_int_equal(lseek(fd, 0, SEEK_END), LENGTH + 1);
    assert_int_equal(cn_os_duplicate(copy), copy); /* as it is, where it cannot be had twice */
    cn_os_close(fd);
}

enum { PIPED_BYTES = 300000 };

/* Empties the pipe after a while, and then as it comes. */
static void *read_late(void *argument) {
    static char got[4096];
    int fd = *(const int *)argument;
    size_t total = 0;
    (void)poll(NULL, 0, 50);
    for (ssize_t length = 1; length > 0; total += (size_t)length) {
        length = read(fd, got, sizeof got);
    }
    return (void *)total; // NOLINT: a number
}

static void text_for_a_pipe_that_does_not_wait_comes_through(void **state) {
    (void)state;
    static char text[PIPED_BYTES];
    int ends[2];
    pthread_t reader;
    void *total;
    memset(text, 'x', sizeof text);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(pthread_create(&reader, NULL, read_late, &ends[0]), 0);
    assert_int_equal(cn_os_write(ends[1], text, sizeof text), 0);
    cn_os_close(ends[1]);
    assert_int_equal(pthread_join(reader, &total), 0);
    assert_int_equal((size_t)total, PIPED_BYTES);
    cn_os_close(ends[0]);
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(cn_os_write(ends[1], text, sizeof text), EAGAIN); /* nobody empties it, and so it ends */
    cn_os_close(ends[0]);
    cn_os_close(ends[1]);
}

static void files_are_made_private_and_links_are_not_followed(void **state) {
    (void)state;
    char path[] = "/tmp/os_test.XXXXXX";
    char link_path[64];
    int made = mkstemp(path);
    assert_true(made >= 0);
    snprintf(link_path, sizeof link_path, "%s.link", path);
    assert_int_equal(symlink(path, link_path), 0);
    assert_int_equal(cn_os_open(link_path), -1);
    assert_int_equal(cn_os_open("/nowhere/at/all"), -1);
    int fd = cn_os_open(path);
    assert_true(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    cn_os_close(fd);
    cn_os_close(made);
    assert_int_equal(unlink(link_path), 0);
    assert_int_equal(unlink(path), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_of_a_long_text_is_written),
        cmocka_unit_test(text_for_a_pipe_that_does_not_wait_comes_through),
        cmocka_unit_test(files_are_made_private_and_links_are_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
