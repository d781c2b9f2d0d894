#include "fuzz/pages.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

enum { PAGE_SHIFT = 12, PAGE_BYTES = 1 << PAGE_SHIFT, WORD_PAGES = 64 };

static char *watched;
static _Atomic uint64_t noted[CN_PAGES_WATCHED / WORD_PAGES]; /* a bit a page */

/* Pages by their number from `watched` on, which is CN_PAGES_WATCHED at most. */
struct span {
    size_t first;
    size_t end;
};

static size_t page_of(uintptr_t address) {
    uintptr_t start = (uintptr_t)watched;
    size_t page = address < start ? 0 : (address - start) >> PAGE_SHIFT;
    return page < CN_PAGES_WATCHED ? page : CN_PAGES_WATCHED;
}

/* What of the memory is watched. */
static struct span span_of(const void *start, size_t bytes) {
    uintptr_t from = (uintptr_t)start;
    return (struct span){page_of(from), watched != NULL ? page_of(from + bytes + PAGE_BYTES - 1) : 0};
}

static bool is_watched(const void *start, size_t bytes) {
    uintptr_t from = (uintptr_t)start - (uintptr_t)watched;
    size_t all = (size_t)CN_PAGES_WATCHED * PAGE_BYTES;
    return watched != NULL && from <= all && bytes <= all - from;
}

/* The pages of the span that are in the word of `page`. */
static uint64_t mask_of(struct span span, size_t page) {
    size_t from = page % WORD_PAGES;
    size_t count = span.end - page < WORD_PAGES - from ? span.end - page : WORD_PAGES - from;
    return UINT64_MAX >> (WORD_PAGES - count) << from;
}

static size_t next_word(size_t page) { return page - page % WORD_PAGES + WORD_PAGES; }

void cn_pages_watch(char *start) { watched = start; }

bool cn_pages_are_watched(void) { return watched != NULL; }

void cn_pages_note_written(const void *start, size_t bytes) {
    struct span span = span_of(start, bytes);
    for (size_t page = span.first; page < span.end; page = next_word(page)) {
        _Atomic uint64_t *word = &noted[page / WORD_PAGES];
        uint64_t mask = mask_of(span, page);
        if ((atomic_load_explicit(word, memory_order_relaxed) & mask) != mask) {
            (void)atomic_fetch_or_explicit(word, mask, memory_order_relaxed);
        }
    }
}

/* The noted ones of the span in the word of `page`, which are so no more. */
static uint64_t take(struct span span, size_t page) {
    _Atomic uint64_t *word = &noted[page / WORD_PAGES];
    uint64_t mask = mask_of(span, page);
    if ((atomic_load_explicit(word, memory_order_relaxed) & mask) == 0) {
        return 0;
    }
    return atomic_fetch_and_explicit(word, ~mask, memory_order_relaxed) & mask;
}

bool cn_pages_zero(void *start, size_t bytes) {
    if (!is_watched(start, bytes)) {
        return false;
    }
    struct span span = span_of(start, bytes);
    for (size_t page = span.first; page < span.end; page = next_word(page)) {
        char *word_start = watched + page / WORD_PAGES * WORD_PAGES * PAGE_BYTES;
        for (uint64_t left = take(span, page); left != 0; left &= left - 1) {
            memset(word_start + (size_t)__builtin_ctzll(left) * PAGE_BYTES, 0, PAGE_BYTES);
        }
    }
    return true;
}

void cn_pages_forget(const void *start, size_t bytes) {
    struct span span = span_of(start, bytes);
    for (size_t page = span.first; page < span.end; page = next_word(page)) {
        (void)take(span, page);
    }
}

bool cn_pages_list(const void *start, size_t bytes, unsigned char *states) {
    if (!is_watched(start, bytes)) {
        return false;
    }
    struct span span = span_of(start, bytes);
    for (size_t page = span.first; page < span.end; page++) {
        uint64_t word = atomic_load_explicit(&noted[page / WORD_PAGES], memory_order_relaxed);
        states[page - span.first] = word >> page % WORD_PAGES & 1;
    }
    return true;
}
