#include "canary.h"

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

unsigned char cn_canary_byte(const char *address) {
    uintptr_t start = (uintptr_t)address & ~(uintptr_t)(WORD_BYTES - 1);
    return (unsigned char)(canary_word(start) >> ((uintptr_t)address - start) * 8);
}

CN_INLINE CN_RACY uint64_t load(const char *address) {
    uint64_t word;
    __builtin_memcpy(&word, address, WORD_BYTES);
    return word;
}

CN_INLINE CN_RACY void store(char *address, uint64_t word) { __builtin_memcpy(address, &word, WORD_BYTES); }

CN_INLINE const char *word_after(const char *address) { return address + (-(uintptr_t)address & (WORD_BYTES - 1)); }

static CN_RACY void write_canaries(char *from, const char *to) {
    const char *words = word_after(from) < to ? word_after(from) : to;
    for (; from < words; from++) {
        *from = (char)cn_canary_byte(from);
    }
    for (; from + WORD_BYTES <= to; from += WORD_BYTES) {
        store(from, canary_word((uintptr_t)from));
    }
    for (; from < to; from++) {
        *from = (char)cn_canary_byte(from);
    }
}

static CN_RACY const char *find_wrong_canary(const char *from, const char *to) {
    const char *words = word_after(from) < to ? word_after(from) : to;
    for (; from < words; from++) {
        if ((unsigned char)*from != cn_canary_byte(from)) {
            return from;
        }
    }
    for (; from + WORD_BYTES <= to && load(from) == canary_word((uintptr_t)from); from += WORD_BYTES) {
    }
    for (; from < to; from++) {
        if ((unsigned char)*from != cn_canary_byte(from)) {
            return from;
        }
    }
    return NULL;
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
