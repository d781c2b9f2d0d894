/*
 * touched_linux.c: touched.h by /proc/self/pagemap, and by mincore for what others have written of shared memory.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "alloc/os.h"
#include "touched.h"

enum { WINDOW_PAGES = 4096, IS_PRESENT = 63, IS_SWAPPED = 62 };

static struct {
    int fd; /* of the pagemap; -1: there is none */
    uintptr_t start;
    size_t pages; /* that are known, from `start` on */
    bool is_shared;
    uint64_t entries[WINDOW_PAGES];
    unsigned char resident[WINDOW_PAGES]; /* by mincore, its low bit; of what is shared */
} window = {.fd = -1};

void cn_touched_begin(void) {
    window.fd = cn_os_open_to_read("/proc/self/pagemap");
    window.pages = 0;
}

void cn_touched_end(void) {
    if (window.fd >= 0) {
        cn_os_close(window.fd);
    }
    window.fd = -1;
    window.start = 0; /* it may be in a block, and the next search must not meet it here */
}

static void note_resident(uintptr_t start, size_t bytes) {
    void *memory = (void *)start; // NOLINT(performance-no-int-to-ptr): mapped, as the maps say
    if (mincore(memory, bytes, window.resident) != 0) {
        memset(window.resident, 1, sizeof window.resident);
    }
}

/* The window becomes that from the page on. False where nothing is known of it. */
static bool look(uintptr_t page, uintptr_t end, bool is_shared) {
    size_t page_bytes = cn_os_page_bytes();
    size_t wanted = cn_min((end - page + page_bytes - 1) / page_bytes, WINDOW_PAGES);
    off_t offset = (off_t)(page / page_bytes * sizeof window.entries[0]);
    ssize_t got = pread(window.fd, window.entries, wanted * sizeof window.entries[0], offset);
    window.start = page;
    window.pages = got > 0 ? (size_t)got / sizeof window.entries[0] : 0;
    window.is_shared = is_shared;
    if (is_shared) {
        note_resident(page, window.pages * page_bytes);
    }
    return window.pages != 0;
}

static bool is_touched(uintptr_t page) {
    size_t i = (page - window.start) / cn_os_page_bytes();
    bool is_there = (window.entries[i] >> IS_PRESENT & 1) != 0 || (window.entries[i] >> IS_SWAPPED & 1) != 0;
    return is_there || (window.is_shared && (window.resident[i] & 1) != 0);
}

static bool is_known(uintptr_t page, uintptr_t end, bool is_shared) {
    bool is_within = page >= window.start && page - window.start < window.pages * cn_os_page_bytes();
    return (is_within && window.is_shared == is_shared) || look(page, end, is_shared);
}

/* The first page from `page` on that is touched, or that is not; `end` where there is none. */
static uintptr_t find(uintptr_t page, uintptr_t end, bool is_shared, bool touched) {
    while (page < end && (is_known(page, end, is_shared) ? is_touched(page) : true) != touched) {
        page += cn_os_page_bytes();
    }
    return page;
}

bool cn_touched_next(uintptr_t *at, uintptr_t end, bool is_shared, uintptr_t *to) {
    uintptr_t first = *at - *at % cn_os_page_bytes();
    if (window.fd < 0) {
        *to = end;
        return *at < end;
    }
    uintptr_t page = find(first, end, is_shared, true);
    *at = cn_max(*at, page);
    *to = cn_min(find(page, end, is_shared, false), end);
    return *at < end;
}
