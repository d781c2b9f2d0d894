#include "maps.h"

#include <string.h>

#include "alloc/os.h"

enum { BUFFER_BYTES = 4096, BITS_A_HEX_DIGIT = 4 };

/* A file that is read character by character. */
struct reader {
    int fd;
    size_t length;
    size_t at;
    char bytes[BUFFER_BYTES];
};

static struct reader reader; /* too large for the stack of a signal handler */

enum { END_OF_FILE = -1 };

static int peek_char(void) {
    if (reader.at == reader.length) {
        ptrdiff_t got = cn_os_read(reader.fd, reader.bytes, sizeof reader.bytes);
        reader.length = got > 0 ? (size_t)got : 0;
        reader.at = 0;
        if (got <= 0) {
            return END_OF_FILE;
        }
    }
    return (unsigned char)reader.bytes[reader.at];
}

static int read_char(void) {
    int c = peek_char();
    reader.at += c != END_OF_FILE ? 1 : 0;
    return c;
}

static int digit_of(int c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A number, and the character after it. */
static uint64_t read_hex(void) {
    uint64_t number = 0;
    int digit;
    while ((digit = digit_of(read_char())) >= 0) {
        number = number << BITS_A_HEX_DIGIT | (uint64_t)digit;
    }
    return number;
}

/* A word, and the space after it. */
static void skip_word(void) {
    int c;
    do {
        c = read_char();
    } while (c != ' ' && c != '\n' && c != END_OF_FILE);
}

static void read_path(struct cn_mapping *mapping) {
    size_t length = 0;
    while (peek_char() == ' ') {
        (void)read_char();
    }
    for (int c = read_char(); c != '\n' && c != END_OF_FILE; c = read_char()) {
        if (length + 1 == sizeof mapping->path) { /* the end of a path says more than its beginning */
            enum { KEPT = CN_MAPPING_PATH_BYTES / 2 };
            mapping->path[length] = '\0';
            bool is_file = cn_maps_is_file(mapping);
            memmove(mapping->path, mapping->path + length - KEPT, KEPT);
            memcpy(mapping->path, is_file ? "/..." : "....", strlen("/..."));
            length = KEPT;
        }
        mapping->path[length++] = (char)c;
    }
    mapping->path[length] = '\0';
}

/* A line such as: 7f1c-7f1d r-xp 00002000 fe:01 123    /lib/libc.so.6 */
static bool read_mapping(struct cn_mapping *mapping) {
    if (peek_char() == END_OF_FILE) {
        return false;
    }
    mapping->start = read_hex();
    mapping->end = read_hex();
    mapping->is_readable = read_char() == 'r';
    mapping->is_writable = read_char() == 'w';
    mapping->is_executable = read_char() == 'x';
    mapping->is_shared = read_char() == 's';
    (void)read_char();
    mapping->file_offset = read_hex();
    skip_word(); /* the device */
    skip_word(); /* the inode */
    read_path(mapping);
    return true;
}

bool cn_maps_walk(cn_maps_visit_fn *visit, void *argument) {
    struct cn_mapping mapping;
    reader.fd = cn_os_open_to_read("/proc/self/maps");
    reader.length = reader.at = 0;
    if (reader.fd < 0) {
        return false;
    }
    bool goes_on = true;
    while (goes_on && read_mapping(&mapping)) {
        goes_on = visit(&mapping, argument);
    }
    cn_os_close(reader.fd);
    return goes_on;
}

const char *cn_maps_name(const struct cn_mapping *mapping) {
    const char *slash = strrchr(mapping->path, '/');
    return slash != NULL ? slash + 1 : mapping->path;
}

static bool starts_with(const char *text, const char *start) { return strncmp(text, start, strlen(start)) == 0; }

/* Shared memory without a file has a path, too: of mmap, memfd_create and shmat. */
bool cn_maps_is_file(const struct cn_mapping *mapping) {
    return mapping->path[0] == '/' && !starts_with(mapping->path, "/dev/zero") &&
           !starts_with(mapping->path, "/memfd:") && !starts_with(mapping->path, "/SYSV");
}
