#include "canary.h"

#include <limits.h>
#include <string.h>

#include "alloc/os.h"
#include "alloc/os_watch.h"

enum { WORD_BYTES = sizeof(uint64_t) };

/* These read what the program may be writing at the same time, and write where it may wrongly read. */
#define CN_RACY __attribute__((no_sanitize("thread", "address")))

int cn_fill_allocated = 0xCD;
int cn_fill_freed = 0xDD;

static uint64_t key = UINT64_C(0x51a5c0de0b1ec7ed);

void cn_canary_init(void) { key ^= cn_os_random(); }

/* The eight canary bytes at a multiple of eight. A multiply spreads the address upwards; the shift brings it back down.
 * The lowest bit of each byte is set, so that none is NUL. */
CN_INLINE uint64_t canary_word(uintptr_t address) {
    uint64_t word = (address ^ key) * UINT64_C(0xD6E8FEB86659FD93);
    return (word ^ word >> 32) | UINT64_C(0x0101010101010101);
}

/* The canaries from the address to the end of its word, the first one lowest. */
CN_INLINE uint64_t canaries_from(const char *address) {
    uintptr_t offset = (uintptr_t)address % WORD_BYTES;
    return canary_word((uintptr_t)address - offset) >> offset * CHAR_BIT;
}

unsigned char cn_canary_byte(const char *address) { return (unsigned char)canaries_from(address); }

CN_INLINE CN_RACY uint64_t load(const char *address) {
    uint64_t word;
    __builtin_memcpy(&word, address, WORD_BYTES);
    return word;
}

CN_INLINE CN_RACY void store(char *address, uint64_t word) { __builtin_memcpy(address, &word, WORD_BYTES); }

CN_INLINE uintptr_t bytes_to_word(const char *address) { return -(uintptr_t)address % WORD_BYTES; }

/* [from, to) is within a word. */
CN_INLINE CN_RACY void write_within_word(char *from, const char *to) {
    for (uint64_t canaries = canaries_from(from); from < to; from++, canaries >>= CHAR_BIT) {
        *from = (char)canaries;
    }
}

static CN_RACY const char *check_within_word(const char *from, const char *to) {
    for (uint64_t canaries = canaries_from(from); from < to; from++, canaries >>= CHAR_BIT) {
        if ((unsigned char)*from != (unsigned char)canaries) {
            return from;
        }
    }
    return NULL;
}

static CN_RACY void write_canaries(char *from, const char *to) {
    if (bytes_to_word(from) != 0 && from < to) {
        char *word = from + cn_min(bytes_to_word(from), (size_t)(to - from));
        write_within_word(from, word);
        from = word;
    }
    for (; from + WORD_BYTES <= to; from += WORD_BYTES) {
        store(from, canary_word((uintptr_t)from));
    }
    if (from < to) {
        write_within_word(from, to);
    }
}

/* Whether the bytes from the address to the end of its word are canaries; what is before them there is read, and no matter. */
CN_INLINE CN_RACY bool is_rest_of_word_right(const char *address) {
    uintptr_t offset = (uintptr_t)address % WORD_BYTES;
    return load(address - offset) >> offset * CHAR_BIT == canaries_from(address);
}

static CN_RACY const char *find_wrong_canary(const char *from, const char *to) {
    if (bytes_to_word(from) != 0 && from < to) {
        const char *word = from + cn_min(bytes_to_word(from), (size_t)(to - from));
        const char *wrong = is_rest_of_word_right(from) ? NULL : check_within_word(from, word);
        if (wrong != NULL) {
            return wrong;
        }
        from = word;
    }
    for (; from + WORD_BYTES <= to && load(from) == canary_word((uintptr_t)from); from += WORD_BYTES) {
    }
    return from < to ? check_within_word(from, from + cn_min(WORD_BYTES, (size_t)(to - from))) : NULL;
}

static CN_RACY const char *find_wrong_fill(const char *from, const char *to, unsigned char byte) {
    enum { LINE_WORDS = 4 };
    uint64_t fill = byte * UINT64_C(0x0101010101010101);
    for (; from + LINE_WORDS * WORD_BYTES <= to; from += LINE_WORDS * WORD_BYTES) {
        uint64_t wrong = (load(from) ^ fill) | (load(from + WORD_BYTES) ^ fill) | (load(from + 2 * WORD_BYTES) ^ fill) |
                         (load(from + 3 * WORD_BYTES) ^ fill);
        if (wrong != 0) {
            break;
        }
    }
    for (; from + WORD_BYTES <= to && load(from) == fill; from += WORD_BYTES) {
    }
    for (; from < to; from++) {
        if ((unsigned char)*from != byte) {
            return from;
        }
    }
    return NULL;
}

static CN_RACY const char *find_canary_damage_end(const char *from, const char *to) {
    while (to > from && (unsigned char)to[-1] == cn_canary_byte(to - 1)) {
        to--;
    }
    return to;
}

static CN_RACY const char *find_fill_damage_end(const char *from, const char *to, unsigned char byte) {
    while (to > from && (unsigned char)to[-1] == byte) {
        to--;
    }
    return to;
}

/* ---- what is hidden from the program and its tools ------------------------------------------------------------ */

void cn_canary_write(char *from, const char *to) {
    cn_watch_begin_quiet();
    write_canaries(from, to);
    cn_watch_end_quiet();
}

const char *cn_canary_check(const char *from, const char *to) {
    cn_watch_begin_quiet();
    const char *wrong = find_wrong_canary(from, to);
    cn_watch_end_quiet();
    return wrong;
}

/* AddressSanitizer has a memset of its own, which looks at the bytes. */
CN_RACY void cn_fill_write(char *from, const char *to, unsigned char byte) {
    size_t bytes = (size_t)(to - from);
    cn_watch_show(from, bytes);
    memset(from, byte, bytes);
    cn_watch_hide(from, bytes);
}

const char *cn_fill_check(const char *from, const char *to, unsigned char byte) {
    cn_watch_begin_quiet();
    const char *wrong = find_wrong_fill(from, to, byte);
    cn_watch_end_quiet();
    return wrong;
}

const char *cn_canary_damage_end(const char *from, const char *to) {
    cn_watch_begin_quiet();
    const char *end = find_canary_damage_end(from, to);
    cn_watch_end_quiet();
    return end;
}

const char *cn_fill_damage_end(const char *from, const char *to, unsigned char byte) {
    cn_watch_begin_quiet();
    const char *end = find_fill_damage_end(from, to, byte);
    cn_watch_end_quiet();
    return end;
}
