/*
 * hash.h: a hash of words, fast on about sixteen of them: four sums side by side.
 */
#ifndef CN_HASH_H
#define CN_HASH_H

#include "alloc/bits.h"

enum { CN_HASH_LANES = 4 };

struct cn_hash {
    uint64_t lanes[CN_HASH_LANES];
};

CN_INLINE struct cn_hash cn_hash_start(uint64_t seed) { return (struct cn_hash){{seed, 1, 2, 3}}; }

CN_INLINE uint64_t cn_hash_mix(uint64_t sum, uint64_t word) {
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    const unsigned middle = 29;
    return cn_rotate_right((sum ^ word) * odd, middle);
}

CN_INLINE void cn_hash_add(struct cn_hash *hash, unsigned lane, uint64_t word) {
    hash->lanes[lane] = cn_hash_mix(hash->lanes[lane], word);
}

CN_INLINE uint64_t cn_hash_end(const struct cn_hash *hash) {
    enum { APART = 13 };
    return cn_hash_mix(hash->lanes[0] + cn_rotate_right(hash->lanes[1], APART),
                       hash->lanes[2] + cn_rotate_right(hash->lanes[3], 2 * APART));
}

#endif
