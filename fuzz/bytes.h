/*
 * bytes.h: takes an input apart, from its start. After its end all bytes are 0.
 */
#ifndef CAIRN_FUZZ_BYTES_H
#define CAIRN_FUZZ_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cn_bytes {
    const uint8_t *next;
    const uint8_t *end;
};

static inline struct cn_bytes cn_bytes_of(const uint8_t *data, size_t size) {
    return (struct cn_bytes){data, size == 0 ? data : data + size};
}

static inline bool cn_bytes_are_left(const struct cn_bytes *bytes) { return bytes->next < bytes->end; }

static inline uint8_t cn_bytes_take(struct cn_bytes *bytes) {
    return bytes->next < bytes->end ? *bytes->next++ : (uint8_t)0;
}

/* `count` bytes as a number, the first of them the lowest; count at most 8. */
static inline uint64_t cn_bytes_take_number(struct cn_bytes *bytes, unsigned count) {
    uint64_t number = 0;
    for (unsigned i = 0; i < count; i++) {
        number |= (uint64_t)cn_bytes_take(bytes) << 8 * i;
    }
    return number;
}

#endif
