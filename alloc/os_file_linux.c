/*
 * os_file_linux.c: what os.h has of files, on Linux. The system is called by number: in the C library's functions a thread
 * may be cancelled, and malloc, free and their like are no such points.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os.h"

int cn_os_write(int fd, const char *bytes, size_t length) {
    int saved = errno;
    int error = 0;
    while (length > 0 && error == 0) {
        long written = syscall(SYS_write, fd, bytes, length);
        if (written >= 0) {
            bytes += written;
            length -= (size_t)written;
        } else if (errno != EINTR) {
            error = errno;
        }
    }
    errno = saved;
    return error;
}

static int open_quietly(const char *path, int flags) {
    int saved = errno;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600);
    errno = saved;
    return fd;
}

int cn_os_open(const char *path) { return open_quietly(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW); }

int cn_os_open_to_append(const char *path) { return open_quietly(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW); }

int cn_os_open_to_read(const char *path) { return open_quietly(path, O_RDONLY); }

ptrdiff_t cn_os_read(int fd, char *bytes, size_t room) {
    int saved = errno;
    ptrdiff_t got;
    do {
        got = syscall(SYS_read, fd, bytes, room);
    } while (got < 0 && errno == EINTR);
    errno = saved;
    return got;
}

bool cn_os_is_open(int fd) {
    int saved = errno;
    bool is_open = fcntl(fd, F_GETFD) >= 0;
    errno = saved;
    return is_open;
}

bool cn_os_is_terminal(int fd) {
    int saved = errno;
    bool is_terminal = isatty(fd) != 0;
    errno = saved;
    return is_terminal;
}

int cn_os_duplicate(int fd) {
    enum { OUT_OF_THE_WAY = 200 }; /* programs reckon with small numbers being free */
    int saved = errno;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
    errno = saved;
    return copy >= 0 ? copy : fd;
}

void cn_os_close(int fd) {
    int saved = errno;
    (void)syscall(SYS_close, fd);
    errno = saved;
}

bool cn_os_is_file_readable(const char *path) {
    int saved = errno;
    bool is_readable = access(path, R_OK) == 0;
    errno = saved;
    return is_readable;
}

bool cn_os_program_path(char *result, size_t result_bytes) {
    int saved = errno;
    ssize_t length = readlink(CN_OS_PROGRAM, result, result_bytes - 1);
    errno = saved;
    result[length > 0 ? length : 0] = '\0';
    return length > 0;
}
