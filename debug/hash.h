/*
 * hash.h: a hash of words, fast on about sixteen of them: up to four sums side by side.
 */
#ifndef CN_HASH_H
#define CN_HASH_H

#include "alloc/bits.h"

/* The sum with one more word. */
CN_INLINE uint64_t cn_hash_mix(uint64_t sum, uint64_t word) {
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    const unsigned middle = 29;
    return cn_rotate_right((sum ^ word) * odd, middle);
}

CN_INLINE uint64_t cn_hash_join(uint64_t first, uint64_t second, uint64_t third, uint64_t fourth) {
    enum { APART = 13 };
    return cn_hash_mix(first + cn_rotate_right(second, APART), third + cn_rotate_right(fourth, 2 * APART));
}

#endif
