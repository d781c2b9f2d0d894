/*
 * bitmap.h: runs of set bits in one 64-bit word. Methods of Warren, Hacker's Delight, 2nd edition, section 6-2.
 */
#ifndef CN_BITMAP_H
#define CN_BITMAP_H

#include "bits.h"

/* The mask of `count` bits from bit `first`; count 1 to 64 - first. */
CN_INLINE uint64_t cn_bits_run(unsigned first, unsigned count) { return cn_low_bits(count) << first; }

/* The bits of `word` at which a run of `count` set bits starts; count 1 to 64. */
CN_INLINE uint64_t cn_bits_run_starts(uint64_t word, unsigned count) {
    unsigned have = 1;
    while (have < count) {
        unsigned step = have < count - have ? have : count - have;
        word &= word >> step;
        have += step;
    }
    return word;
}

/* The bits whose position is a multiple of `alignment`, a power of two from 1 to 64. */
CN_INLINE uint64_t cn_bits_aligned(unsigned alignment) {
    uint64_t word = 1;
    for (unsigned step = alignment; step < 64; step *= 2) {
        word |= word << step;
    }
    return word;
}

/* The length of the run of set bits of `word` that starts at its lowest set bit; word not 0. */
CN_INLINE unsigned cn_bits_first_run(uint64_t word) {
    uint64_t shifted = word >> cn_ctz(word);
    return shifted == UINT64_MAX ? 64 : cn_ctz(~shifted);
}

#endif
