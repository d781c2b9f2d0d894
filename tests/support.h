/*
 * support.h: what the tests share. Patterns that show whether a block kept its contents, values that the compiler
 * cannot see through, a small random generator, and looks at the process.
 *
 * Everything here is inline and allocates nothing, so that a test measures the allocator and not its helper.
 */
#ifndef CAIRN_TESTS_SUPPORT_H
#define CAIRN_TESTS_SUPPORT_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define KIB ((size_t)1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)

/* A condition of code that runs outside the test's own thread or process, where cmocka's assertions cannot jump. */
#define MUST(condition) ((condition) ? (void)0 : must_failed(#condition, __FILE__, __LINE__))

static inline void must_failed(const char *condition, const char *file, int line) {
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

/* The same pointer or size, of which the compiler knows nothing: it can neither drop the call nor warn of it. */
static inline void *hide(void *block) {
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

static inline size_t hide_size(size_t size) {
    __asm__ volatile("" : "+r"(size));
    return size;
}

/* The eight bytes of the pattern of `seed` that lie at word `index`. */
static inline uint64_t pattern_word(uint64_t seed, size_t index) {
    return (seed + index + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static inline void fill_pattern(void *block, size_t bytes, uint64_t seed) {
    unsigned char *at = block;
    size_t words = bytes / sizeof(uint64_t);
    for (size_t i = 0; i < words; i++) {
        uint64_t word = pattern_word(seed, i);
        memcpy(at + i * sizeof word, &word, sizeof word);
    }
    if (bytes == 0) {
        return;
    }
    uint64_t last = pattern_word(seed, words);
    memcpy(at + words * sizeof last, &last, bytes % sizeof last);
}

/* Whether the first `bytes` of the block are as fill_pattern left them; a longer pattern may have been cut. */
static inline bool has_pattern(const void *block, size_t bytes, uint64_t seed) {
    const unsigned char *at = block;
    size_t words = bytes / sizeof(uint64_t);
    if (bytes == 0) {
        return true;
    }
    for (size_t i = 0; i < words; i++) {
        uint64_t word = pattern_word(seed, i);
        if (memcmp(at + i * sizeof word, &word, sizeof word) != 0) {
            return false;
        }
    }
    uint64_t last = pattern_word(seed, words);
    return memcmp(at + words * sizeof last, &last, bytes % sizeof last) == 0;
}

static inline bool is_zero(const void *block, size_t bytes) {
    const unsigned char *at = block;
    return bytes == 0 || (at[0] == 0 && memcmp(at, at + 1, bytes - 1) == 0);
}

static inline bool is_aligned(const void *block, size_t alignment) { return ((uintptr_t)block & (alignment - 1)) == 0; }

/* xorshift64*: the state must not be zero. */
static inline uint64_t random_next(uint64_t *state) {
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return (x * UINT64_C(0x2545f4914f6cdd1d)) >> 16;
}

/* A size below 2^bits, each power of two equally likely. */
static inline size_t random_size(uint64_t *state, unsigned bits) {
    unsigned shift = (unsigned)(random_next(state) % bits) + 1;
    return (size_t)(random_next(state) & ((UINT64_C(1) << shift) - 1));
}

/* Bytes of this process that are in memory. */
static inline size_t resident_bytes(void) {
    char text[128] = {0};
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    MUST(fd >= 0 && read(fd, text, sizeof text - 1) > 0);
    close(fd);
    char *resident = strchr(text, ' ');
    MUST(resident != NULL);
    return strtoull(resident, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

static inline double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

#endif
