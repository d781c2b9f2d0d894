/*
 * os_file_linux.c: what os.h has of files, on Linux. A thread may be cancelled in the C library's functions that open, read,
 * write and close files; malloc, free and their like are no such points, so that it must not be meanwhile.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bits.h"
#include "os.h"

/* What the thread is put back into afterwards. */
struct before {
    int error;
    int cancel_state;
};

static struct before begin(void) {
    struct before before = {.error = errno};
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before.cancel_state);
    return before;
}

static void end(struct before before) {
    (void)pthread_setcancelstate(before.cancel_state, &before.cancel_state);
    errno = before.error;
}

/* A pipe that is full and would not let its writer wait: somebody may empty it within a second. */
static bool has_room_soon(int fd) {
    enum { PATIENCE_MS = 1000 };
    return errno == EAGAIN && poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, PATIENCE_MS) > 0;
}

int cn_os_write(int fd, const char *bytes, size_t length) {
    struct before before = begin();
    int error = 0;
    while (length > 0 && error == 0) {
        ssize_t written = write(fd, bytes, length);
        if (written >= 0) {
            bytes += written;
            length -= (size_t)written;
        } else if (errno != EINTR && !has_room_soon(fd)) {
            error = errno;
        }
    }
    end(before);
    return error;
}

static int open_quietly(const char *path, int flags) {
    struct before before = begin();
    int fd = open(path, flags | O_CLOEXEC, 0600);
    end(before);
    return fd;
}

int cn_os_open(const char *path) { return open_quietly(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW); }

int cn_os_open_to_append(const char *path) { return open_quietly(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW); }

int cn_os_open_to_read(const char *path) { return open_quietly(path, O_RDONLY); }

ptrdiff_t cn_os_read(int fd, char *bytes, size_t room) {
    struct before before = begin();
    ptrdiff_t got;
    do {
        got = read(fd, bytes, room);
    } while (got < 0 && errno == EINTR);
    end(before);
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

/* Programs reckon with small numbers being free, scripts with those below 256; the larger a number, the more memory the
 * system takes for it. */
int cn_os_duplicate(int fd) {
    enum { MOST = 4096, FROM_THE_TOP = 16 };
    struct rlimit limit;
    int saved = errno;
    size_t top = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? cn_min(limit.rlim_cur, MOST) : 0;
    int copy = top > FROM_THE_TOP ? fcntl(fd, F_DUPFD_CLOEXEC, (int)(top - FROM_THE_TOP)) : -1;
    errno = saved;
    return copy >= 0 ? copy : fd;
}

bool cn_os_identify(int fd, struct cn_os_file *file) {
    struct stat found;
    int saved = errno;
    bool is_open = fstat(fd, &found) == 0;
    errno = saved;
    if (is_open) {
        *file = (struct cn_os_file){found.st_dev, found.st_ino};
    }
    return is_open;
}

void cn_os_close(int fd) {
    struct before before = begin();
    (void)close(fd);
    end(before);
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
