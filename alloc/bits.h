/*
 * bits.h: attributes of the compiler, and arithmetic on words. The lowest header; it includes nothing of Cairn.
 */
#ifndef CN_BITS_H
#define CN_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A slow path: kept out of line, so that the hot path around it saves no registers. */
#define CN_NOINLINE __attribute__((noinline))
#define CN_COLD __attribute__((noinline, cold))
#define CN_INLINE static inline __attribute__((always_inline))
#define CN_TLS __attribute__((tls_model("initial-exec")))
/* A variable of the library's own: reached without a load of its address first. */
#define CN_HIDDEN __attribute__((visibility("hidden")))
#define CN_NORETURN __attribute__((noreturn))
/* The exported function `name` under one more name. gcc wants the two declared alike, which `copy` sees to. */
#if __has_attribute(copy)
#define CN_ALIAS_OF(name) __attribute__((alias(#name), copy(name), visibility("default")))
#else
#define CN_ALIAS_OF(name) __attribute__((alias(#name), visibility("default")))
#endif
#define CN_ALIAS(name) CN_ALIAS_OF(name) /* the name can be a macro */
#define CN_LIKELY(x) __builtin_expect(!!(x), 1)
#define CN_UNLIKELY(x) __builtin_expect(!!(x), 0)

CN_INLINE unsigned cn_ctz(uint64_t word) { return (unsigned)__builtin_ctzll(word); }
CN_INLINE unsigned cn_clz(uint64_t word) { return (unsigned)__builtin_clzll(word); }
CN_INLINE unsigned cn_popcount(uint64_t word) { return (unsigned)__builtin_popcountll(word); }

CN_INLINE uint64_t cn_rotate_right(uint64_t word, unsigned by) { return word >> by | word << (64 - by); }

/* Sets or clears the bit `bit % 64` of `word`; returns whether it was set before. On x86-64 one instruction does
 * both, which the compilers do not find by themselves. */
CN_INLINE bool cn_bit_put(uint64_t *word, size_t bit) {
#if defined(__x86_64__) && defined(__GCC_ASM_FLAG_OUTPUTS__)
    bool was_set;
    __asm__("btsq %2, %0" : "+r"(*word), "=@ccc"(was_set) : "r"(bit));
#else
    uint64_t mask = (uint64_t)1 << bit % 64;
    bool was_set = (*word & mask) != 0;
    *word |= mask;
#endif
    return was_set;
}
CN_INLINE bool cn_bit_take(uint64_t *word, size_t bit) {
#if defined(__x86_64__) && defined(__GCC_ASM_FLAG_OUTPUTS__)
    bool was_set;
    __asm__("btrq %2, %0" : "+r"(*word), "=@ccc"(was_set) : "r"(bit));
#else
    uint64_t mask = (uint64_t)1 << bit % 64;
    bool was_set = (*word & mask) != 0;
    *word &= ~mask;
#endif
    return was_set;
}

/* `index` itself, in such a way that the compiler does not know it to be the same: it would keep the address that it
 * has computed from it in a register, where indexing twice takes no instruction at all. */
CN_INLINE size_t cn_same(size_t index) {
    __asm__("" : "+r"(index));
    return index;
}

/* The lowest `count` bits set, count 0 to 64. */
CN_INLINE uint64_t cn_low_bits(unsigned count) { return count >= 64 ? UINT64_MAX : ((uint64_t)1 << count) - 1; }

CN_INLINE bool cn_is_power_of_two(size_t n) { return n != 0 && (n & (n - 1)) == 0; }

/* The least power of two that is not below n; n at most 2^63. */
CN_INLINE size_t cn_power_of_two_above(size_t n) { return n <= 1 ? 1 : (size_t)1 << (64 - cn_clz(n - 1)); }

/* n rounded up to a multiple of `to`, a power of two; n must not be within `to` of SIZE_MAX. */
CN_INLINE size_t cn_round_up(size_t n, size_t to) { return (n + to - 1) & ~(to - 1); }

/* A number that looks random, another one for each other `n`: Steele and others, Fast Splittable Pseudorandom Number
 * Generators, 2014. */
#define CN_SCRAMBLE_STEP UINT64_C(0x9E3779B97F4A7C15) /* from one n of a sequence to the next */
CN_INLINE uint64_t cn_scramble(uint64_t n) {
    uint64_t bits = (n ^ n >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94D049BB133111EB);
    return bits ^ bits >> 31;
}

CN_INLINE size_t cn_min(size_t a, size_t b) { return a < b ? a : b; }
CN_INLINE size_t cn_max(size_t a, size_t b) { return a > b ? a : b; }

#endif
