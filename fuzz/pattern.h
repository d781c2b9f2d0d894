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

/* Four words at a time: most of a fuzzer's time goes into these three functions. */
typedef uint64_t cn_pattern_words __attribute__((vector_size(4 * sizeof(uint64_t))));

#define CN_PATTERN_STEPS ((cn_pattern_words){0, CN_PATTERN_STEP, 2 * CN_PATTERN_STEP, 3 * CN_PATTERN_STEP})
#define CN_PATTERN_ANY(words) ((words)[0] | (words)[1] | (words)[2] | (words)[3])

CN_UNWATCHED static void cn_pattern_fill(unsigned char *block, size_t from, size_t to, uint64_t seed) {
    cn_pattern_words words = CN_PATTERN_STEPS + cn_pattern_word(seed, from);
    for (; from + sizeof words <= to; from += sizeof words, words += 4 * CN_PATTERN_STEP) {
        memcpy(block + from, &words, sizeof words);
    }
    memcpy(block + from, &words, from < to ? to - from : 0);
}

CN_UNWATCHED static bool cn_pattern_is_there(const unsigned char *block, size_t from, size_t to, uint64_t seed) {
    cn_pattern_words words = CN_PATTERN_STEPS + cn_pattern_word(seed, from);
    cn_pattern_words wrong = {0};
    for (; from + sizeof words <= to; from += sizeof words, words += 4 * CN_PATTERN_STEP) {
        cn_pattern_words found;
        memcpy(&found, block + from, sizeof found);
        wrong |= found ^ words;
    }
    return CN_PATTERN_ANY(wrong) == 0 && (from >= to || memcmp(block + from, &words, to - from) == 0);
}

CN_UNWATCHED static bool cn_pattern_is_zero(const unsigned char *block, size_t bytes) {
    cn_pattern_words wrong = {0};
    size_t at = 0;
    for (; at + sizeof wrong <= bytes; at += sizeof wrong) {
        cn_pattern_words found;
        memcpy(&found, block + at, sizeof found);
        wrong |= found;
    }
    uint64_t rest = CN_PATTERN_ANY(wrong);
    for (; at < bytes; at++) {
        rest |= block[at];
    }
    return rest == 0;
}

#endif
