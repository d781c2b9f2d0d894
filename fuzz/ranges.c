#include "fuzz/ranges.h"

#include <string.h>

#include "fuzz/expect.h"

/* The first range that starts at `start` or above. */
CN_UNWATCHED static size_t place_of(const struct cn_ranges *ranges, uintptr_t start) {
    size_t low = 0;
    size_t high = ranges->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranges->sorted[middle].start < start) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool cn_ranges_add(struct cn_ranges *ranges, const void *start, size_t bytes, size_t index) {
    struct cn_range range = {(uintptr_t)start, bytes, index};
    struct cn_range *at = ranges->sorted + place_of(ranges, range.start);
    struct cn_range *end = ranges->sorted + ranges->count;
    CN_EXPECT(ranges->count < CN_RANGES_CAPACITY, "there is room for all blocks of a program");
    if (at < end && at->start - range.start < bytes) {
        return false;
    }
    if (at > ranges->sorted && range.start - at[-1].start < at[-1].bytes) {
        return false;
    }
    memmove(at + 1, at, (size_t)(end - at) * sizeof *at);
    *at = range;
    ranges->count++;
    return true;
}

const struct cn_range *cn_ranges_find(const struct cn_ranges *ranges, const void *start) {
    size_t place = place_of(ranges, (uintptr_t)start);
    bool is_there = place < ranges->count && ranges->sorted[place].start == (uintptr_t)start;
    return is_there ? &ranges->sorted[place] : NULL;
}

void cn_ranges_remove(struct cn_ranges *ranges, const void *start) {
    size_t place = place_of(ranges, (uintptr_t)start);
    CN_EXPECT(place < ranges->count && ranges->sorted[place].start == (uintptr_t)start, "a live block has its range");
    struct cn_range *at = ranges->sorted + place;
    ranges->count--;
    memmove(at, at + 1, (ranges->count - place) * sizeof *at);
}
