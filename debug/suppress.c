#include "suppress.h"

#include <string.h>

#include "alloc/os.h"
#include "alloc/panic.h"

enum { FILE_MAX_BYTES = 1 << 20 };

static char *lines; /* a mapping of FILE_MAX_BYTES, of which `lines_bytes` are the file's; NULL: there is none */
static size_t lines_bytes;

static bool read_file(int fd) {
    lines_bytes = 0;
    for (ptrdiff_t got = 1; got > 0 && lines_bytes<FILE_MAX_BYTES; lines_bytes += got> 0 ? (size_t)got : 0) {
        got = cn_os_read(fd, lines + lines_bytes, FILE_MAX_BYTES - lines_bytes);
        if (got < 0) {
            return false;
        }
    }
    return true;
}

bool cn_suppress_init(const char *path) {
    int fd = cn_os_open_to_read(path);
    if (fd < 0) {
        return false;
    }
    lines = cn_os_map(FILE_MAX_BYTES, cn_os_page_bytes());
    char next;
    bool is_read = lines != NULL && read_file(fd);
    bool is_cut = is_read && lines_bytes == FILE_MAX_BYTES && cn_os_read(fd, &next, 1) > 0;
    cn_os_close(fd);
    if (is_cut) { /* a line that is cut would fit more than it should */
        static const char why[] = "leaks_suppressions: only the first MiB of the file counts";
        cn_warn(why, path, strlen(path));
        while (lines_bytes > 0 && lines[lines_bytes - 1] != '\n') {
            lines_bytes--;
        }
    }
    return is_read;
}

void cn_suppress_fini(void) {
    if (lines != NULL) {
        cn_os_unmap(lines, FILE_MAX_BYTES);
        lines = NULL;
    }
    lines_bytes = 0;
}

/* ---- patterns ------------------------------------------------------------------------------------------------ */

/* Whether [pattern, end) fits the name from its start on. `$` stands for the name's end, which else may go on. */
static bool fits_here(const char *pattern, const char *end, const char *name) {
    const char *star = NULL;  /* behind the last `*` ... */
    const char *retry = NULL; /* ... and where in the name it is to be tried next */
    while (pattern < end) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = name;
        } else if ((*pattern == '$' && pattern + 1 == end && *name == '\0') || (*pattern == *name && *name != '\0')) {
            name += *name != '\0' ? 1 : 0;
            pattern++;
        } else if (star != NULL && *retry != '\0') {
            pattern = star;
            name = ++retry;
        } else {
            return false;
        }
    }
    return true;
}

bool cn_suppress_pattern_fits(const char *pattern, size_t length, const char *name) {
    const char *end = pattern + length;
    if (length > 0 && *pattern == '^') {
        return fits_here(pattern + 1, end, name);
    }
    for (;; name++) {
        if (fits_here(pattern, end, name)) {
            return true;
        }
        if (*name == '\0') {
            return false;
        }
    }
}

/* ---- lines --------------------------------------------------------------------------------------------------- */

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static bool line_fits(const char *start, const char *end, const char *name) {
    static const char word[] = "leak:";
    size_t word_bytes = sizeof word - 1;
    while (start < end && is_space(*start)) {
        start++;
    }
    while (end > start && is_space(end[-1])) {
        end--;
    }
    if ((size_t)(end - start) >= word_bytes && memcmp(start, word, word_bytes) == 0) {
        start += word_bytes;
    }
    return start < end && *start != '#' && cn_suppress_pattern_fits(start, (size_t)(end - start), name);
}

bool cn_suppress_fits(const char *name) {
    if (lines == NULL) {
        return false;
    }
    const char *end = lines + lines_bytes;
    for (const char *start = lines; start < end;) {
        const char *line_end = memchr(start, '\n', (size_t)(end - start));
        line_end = line_end != NULL ? line_end : end;
        if (line_fits(start, line_end, name)) {
            return true;
        }
        start = line_end + 1;
    }
    return false;
}
