/*
 * ranges.h: the addresses of live blocks, sorted, to tell at once when two of them overlap. No memory but its own.
 */
#ifndef CAIRN_FUZZ_RANGES_H
#define CAIRN_FUZZ_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CN_RANGES_CAPACITY = 8192 };

struct cn_range {
    uintptr_t start;
    size_t bytes;
    size_t index; /* the caller's number for the block */
};

struct cn_ranges {
    size_t count;
    struct cn_range sorted[CN_RANGES_CAPACITY]; /* by start */
};

/* False, and nothing is changed, where the range meets one that is there. `bytes` is not 0. */
bool cn_ranges_add(struct cn_ranges *ranges, const void *start, size_t bytes, size_t index);

/* The range that starts there; NULL where there is none. */
const struct cn_range *cn_ranges_find(const struct cn_ranges *ranges, const void *start);

/* Takes the range that starts there, which must be one, out. */
void cn_ranges_remove(struct cn_ranges *ranges, const void *start);

#endif
