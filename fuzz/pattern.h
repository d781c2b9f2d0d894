/*
 * pattern.h: contents by which a block is known again: each has a seed of its own, and each of its words tells where in
 * the block it belongs. `from` is a multiple of the word's size.
 */
#ifndef CAIRN_FUZZ_PATTERN_H
#define CAIRN_FUZZ_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fuzz/expect.h"

#define CN_PATTERN_STEP UINT64_C(0x9e3779b97f4a7c15)

static inline uint64_t cn_pattern_word(uint64_t seed, size_t offset) {
    return seed + offset / sizeof(uint64_t) * CN_PATTERN_STEP;
}

CN_UNWATCHED static void cn_pattern_fill(unsigned char *block, size_t from, size_t to, uint64_t seed) {
    uint64_t word = cn_pattern_word(seed, from);
    for (; from + sizeof word <= to; from += sizeof word, word += CN_PATTERN_STEP) {
        memcpy(block + from, &word, sizeof word);
    }
    memcpy(block + from, &word, from < to ? to - from : 0);
}

CN_UNWATCHED static bool cn_pattern_is_there(const unsigned char *block, size_t from, size_t to, uint64_t seed) {
    uint64_t word = cn_pattern_word(seed, from);
    uint64_t wrong = 0;
    for (; from + sizeof word <= to; from += sizeof word, word += CN_PATTERN_STEP) {
        uint64_t found;
        memcpy(&found, block + from, sizeof found);
        wrong |= found ^ word;
    }
    return wrong == 0 && (from >= to || memcmp(block + from, &word, to - from) == 0);
}

CN_UNWATCHED static bool cn_pattern_is_zero(const unsigned char *block, size_t bytes) {
    uint64_t wrong = 0;
    size_t at = 0;
    for (; at + sizeof wrong <= bytes; at += sizeof wrong) {
        uint64_t found;
        memcpy(&found, block + at, sizeof found);
        wrong |= found;
    }
    for (; at < bytes; at++) {
        wrong |= block[at];
    }
    return wrong == 0;
}

#endif
