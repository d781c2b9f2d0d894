/*
 * cfi_read.h: reading the encoded bytes of call frame information. Past the end a reader yields zeroes, and remembers.
 */
#ifndef CN_CFI_READ_H
#define CN_CFI_READ_H

#include <string.h>

#include "bits.h"

struct cn_reader {
    const uint8_t *at;
    const uint8_t *end;
    bool has_overrun;
};

CN_INLINE struct cn_reader cn_reader_of(const uint8_t *start, size_t bytes) {
    return (struct cn_reader){start, start + bytes, false};
}

CN_INLINE bool cn_reader_has(struct cn_reader *reader, size_t bytes) {
    if ((size_t)(reader->end - reader->at) < bytes) {
        reader->at = reader->end;
        reader->has_overrun = true;
        return false;
    }
    return true;
}

CN_INLINE void cn_reader_skip(struct cn_reader *reader, uint64_t bytes) {
    if (cn_reader_has(reader, bytes)) {
        reader->at += bytes;
    }
}

/* The next `bytes` (1 to 8), little-endian. */
CN_INLINE uint64_t cn_reader_unsigned(struct cn_reader *reader, size_t bytes) {
    uint64_t value = 0;
    if (cn_reader_has(reader, bytes)) {
        memcpy(&value, reader->at, bytes);
        reader->at += bytes;
    }
    return value;
}

CN_INLINE int64_t cn_reader_signed(struct cn_reader *reader, size_t bytes) {
    unsigned unused_bits = (unsigned)(64 - 8 * bytes);
    return (int64_t)(cn_reader_unsigned(reader, bytes) << unused_bits) >> unused_bits;
}

CN_INLINE uint8_t cn_reader_byte(struct cn_reader *reader) { return (uint8_t)cn_reader_unsigned(reader, 1); }

/* LEB128: seven bits a byte, the lowest first; the top bit says that more follow. */
enum { CN_LEB_BITS = 7, CN_LEB_MORE = 0x80, CN_LEB_SIGN = 0x40, CN_WORD_BITS = 64 };

CN_INLINE uint64_t cn_reader_leb(struct cn_reader *reader, unsigned *bits, uint8_t *last) {
    uint64_t value = 0;
    *bits = 0;
    do {
        *last = cn_reader_byte(reader);
        if (*bits < CN_WORD_BITS) {
            value |= (uint64_t)(*last & (CN_LEB_MORE - 1)) << *bits;
            *bits += CN_LEB_BITS;
        }
    } while ((*last & CN_LEB_MORE) != 0);
    return value;
}

CN_INLINE uint64_t cn_reader_uleb(struct cn_reader *reader) {
    unsigned bits;
    uint8_t last;
    return cn_reader_leb(reader, &bits, &last);
}

CN_INLINE int64_t cn_reader_sleb(struct cn_reader *reader) {
    unsigned bits;
    uint8_t last;
    uint64_t value = cn_reader_leb(reader, &bits, &last);
    bool is_negative = (last & CN_LEB_SIGN) != 0 && bits < CN_WORD_BITS;
    return (int64_t)(is_negative ? value | ~cn_low_bits(bits) : value);
}

#endif
