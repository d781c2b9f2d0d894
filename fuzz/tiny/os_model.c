#define _GNU_SOURCE
#include "fuzz/tiny/os_model.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc/os.h"
#include "fuzz/expect.h"

enum {
    PAGE_BYTES = 1024,
    PAGES = 256,
    ALIGNMENT = 8192,
    CELL_BYTES = 4096, /* the most of a mapping of its own */
    CELLS = 32,
    REPORT_BYTES = 512
};

static _Alignas(ALIGNMENT) char memory[PAGES * PAGE_BYTES];
static bool is_accessible[PAGES];
static _Alignas(ALIGNMENT) char cells[CELLS][CELL_BYTES];
static size_t mapped_bytes[CELLS]; /* 0: the cell is free */
static bool is_short;

static jmp_buf after_abort;
static bool is_abort_expected;
static char report[REPORT_BYTES];
static size_t report_length;

void cn_model_renew(void) {
    for (size_t page = 0; page < PAGES; page++) {
        if (is_accessible[page]) {
            memset(memory + page * PAGE_BYTES, 0, PAGE_BYTES);
            is_accessible[page] = false;
        }
    }
    memset(mapped_bytes, 0, sizeof mapped_bytes);
    is_short = false;
    report_length = 0;
}

void cn_model_set_short(void) { is_short = true; }

void cn_model_set_plenty(void) { is_short = false; }

bool cn_model_aborts(void (*call)(void *), void *argument) {
    is_abort_expected = true;
    report_length = 0;
    bool came_back = _setjmp(after_abort) == 0;
    if (came_back) {
        call(argument);
    }
    is_abort_expected = false;
    return !came_back;
}

const char *cn_model_report(void) { return report; }

/* ---- the reservation ----------------------------------------------------------------------------------------- */

static size_t page_of(const void *at) {
    size_t byte = (size_t)((const char *)at - memory);
    CN_EXPECT(byte <= sizeof memory && byte % PAGE_BYTES == 0, "pages of the reservation are asked for");
    return byte / PAGE_BYTES;
}

static void set_pages(const void *at, size_t bytes, bool from, bool to) {
    size_t first = page_of(at);
    CN_EXPECT(bytes % PAGE_BYTES == 0 && bytes / PAGE_BYTES <= PAGES - first, "whole pages are asked for");
    for (size_t page = first; page < first + bytes / PAGE_BYTES; page++) {
        CN_EXPECT(is_accessible[page] == from, "a page is committed once, and given back once");
        is_accessible[page] = to;
    }
}

size_t cn_model_accessible_pages(const void *at, size_t bytes) {
    size_t count = 0;
    for (size_t page = page_of(at); page < page_of((const char *)at + bytes); page++) {
        count += is_accessible[page] ? 1 : 0;
    }
    return count;
}

char *cn_os_reserve(size_t bytes, size_t alignment) {
    CN_EXPECT(bytes <= sizeof memory && alignment <= ALIGNMENT, "the reservation has room");
    return memory;
}

bool cn_os_commit(void *at, size_t bytes) {
    if (is_short) {
        return false;
    }
    set_pages(at, bytes, false, true);
    return true;
}

bool cn_os_decommit(void *at, size_t bytes) {
    set_pages(at, bytes, true, false);
    memset(at, 0, bytes);
    return true;
}

bool cn_os_purge(void *at, size_t bytes) {
    set_pages(at, bytes, true, true);
    memset(at, 0, bytes);
    return true;
}

bool cn_os_renew(void *at, size_t bytes) { return cn_os_purge(at, bytes); }

enum cn_move cn_os_move(void *from, size_t bytes, void *to, size_t to_bytes) {
    set_pages(from, bytes, true, true);
    set_pages(to, to_bytes, true, true);
    memset(to, 0, to_bytes);
    if (is_short) {
        return CN_MOVE_REFUSED;
    }
    memcpy(to, from, bytes);
    memset(from, 0, bytes);
    return CN_MOVE_DONE;
}

bool cn_os_protect(void *at, size_t bytes, enum cn_access_right right) {
    (void)at;
    (void)bytes;
    (void)right;
    return false;
}

bool cn_os_is_readable(const void *address) {
    (void)address;
    return false;
}

size_t cn_os_peek(const void *from, void *to, size_t bytes) {
    (void)from;
    (void)to;
    (void)bytes;
    return 0;
}

/* No guarded pages: there is no room to hold. */
char *cn_os_hold(size_t bytes) {
    (void)bytes;
    return NULL;
}

bool cn_os_withhold(void *at, size_t bytes) {
    (void)at;
    (void)bytes;
    return false;
}

size_t cn_os_address_space_bytes(void) { return SIZE_MAX; }

size_t cn_os_mapping_limit(void) { return SIZE_MAX; }

unsigned cn_os_thread_id(void) { return 1; }

bool cn_os_program_path(char *result, size_t result_bytes) {
    (void)result;
    (void)result_bytes;
    return false;
}

/* ---- mappings ------------------------------------------------------------------------------------------------ */

static size_t cell_of(const void *mapping) {
    size_t cell = (size_t)((const char *)mapping - cells[0]) / CELL_BYTES;
    CN_EXPECT(cell < CELLS && mapping == cells[cell] && mapped_bytes[cell] != 0, "what is unmapped was mapped");
    return cell;
}

char *cn_os_map(size_t bytes, size_t alignment) {
    for (size_t i = 0; i < CELLS && !is_short && bytes <= CELL_BYTES && alignment <= CELL_BYTES; i++) {
        if (mapped_bytes[i] == 0) {
            mapped_bytes[i] = bytes;
            memset(cells[i], 0, bytes);
            return cells[i];
        }
    }
    return NULL;
}

void cn_os_unmap(void *mapping, size_t bytes) {
    CN_EXPECT(mapped_bytes[cell_of(mapping)] == bytes, "a mapping is unmapped as a whole");
    mapped_bytes[cell_of(mapping)] = 0;
}

bool cn_os_resize(void *mapping, size_t old_bytes, size_t new_bytes) {
    CN_EXPECT(mapped_bytes[cell_of(mapping)] == old_bytes, "a mapping is resized from what it is");
    if (new_bytes > CELL_BYTES || (is_short && new_bytes > old_bytes)) {
        return false;
    }
    size_t kept = old_bytes < new_bytes ? old_bytes : new_bytes;
    memset(cells[cell_of(mapping)] + kept, 0, new_bytes - kept);
    mapped_bytes[cell_of(mapping)] = new_bytes;
    return true;
}

/* ---- the rest ------------------------------------------------------------------------------------------------ */

size_t cn_os_page_bytes(void) { return PAGE_BYTES; }

size_t cn_os_physical_bytes(void) { return sizeof memory; }

size_t cn_os_resident_bytes(const void *at, size_t bytes) {
    bool is_reserved = (const char *)at >= memory && (const char *)at < memory + sizeof memory;
    return is_reserved ? cn_model_accessible_pages(at, bytes) * PAGE_BYTES : bytes;
}

uint64_t cn_os_random(void) { return 1; }

uint64_t cn_os_milliseconds(void) { return 1; }

int cn_os_write(int fd, const char *bytes, size_t length) {
    size_t room = sizeof report - 1 - report_length;
    size_t kept = length < room ? length : room;
    (void)fd;
    memcpy(report + report_length, bytes, kept);
    report_length += kept;
    report[report_length] = '\0';
    return 0;
}

int cn_os_open(const char *path) {
    (void)path;
    return -1;
}

int cn_os_duplicate(int fd) { return fd; }

bool cn_os_identify(int fd, struct cn_os_file *file) {
    (void)fd;
    (void)file;
    return false;
}

void cn_os_close(int fd) { (void)fd; }

unsigned cn_os_process_id(void) { return 1; }

bool cn_os_is_privileged(void) { return true; }

void cn_os_yield(void) {}

void cn_os_handle_signal(int number, void (*handler)(int number)) {
    (void)number;
    (void)handler;
}

void cn_os_wait(const void *word, uint32_t value) {
    (void)word;
    (void)value;
    CN_EXPECT(false, "one thread alone never waits");
}

void cn_os_wake(const void *word) {
    (void)word;
    CN_EXPECT(false, "one thread alone wakes nobody");
}

void cn_os_abort(void) {
    if (is_abort_expected) {
        _longjmp(after_abort, 1);
    }
    (void)fputs(report, stderr);
    abort();
}
