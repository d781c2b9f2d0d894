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

void cn_canary_set_key(uint64_t seed) { key = seed; }

/* The eight canary bytes at a multiple of eight. A multiply spreads the address upwards; the shift brings it back down.
 * Bytes that would be NUL are 1; all bits of the others are chance, so that none is safe to set or to clear. (A byte of 1
 * behind such a one may be taken for zero, too, by the borrow, and stays 1.) */
CN_INLINE uint64_t canary_word(uintptr_t address) {
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t word = (address ^ key) * UINT64_C(0xD6E8FEB86659FD93);
    word ^= word >> 32;
    return word | (((word - ones) & ~word) >> 7 & ones);
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

/* Whether the bytes from the address to the end of its word are canaries; what is before them there is read, and no
 * matter. */
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

static CN_RACY void write_around(char *head, char *user, char *tail, char *end) {
    for (; head < user; head += WORD_BYTES) {
        store(head, canary_word((uintptr_t)head));
    }
    uintptr_t offset = (uintptr_t)tail % WORD_BYTES;
    if (offset != 0) {
        char *word = tail - offset;
        uint64_t kept = load(word) & cn_low_bits((unsigned)offset * CHAR_BIT);
        store(word, kept | canaries_from(tail) << offset * CHAR_BIT);
        tail = word + WORD_BYTES;
    }
    for (; tail < end; tail += WORD_BYTES) {
        store(tail, canary_word((uintptr_t)tail));
    }
}

static CN_RACY bool is_whole_around(const char *head, const char *user, const char *tail, const char *end) {
    uint64_t wrong = 0;
    for (; head < user; head += WORD_BYTES) {
        wrong |= load(head) ^ canary_word((uintptr_t)head);
    }
    if (bytes_to_word(tail) != 0) {
        uintptr_t offset = (uintptr_t)tail % WORD_BYTES;
        wrong |= (load(tail - offset) >> offset * CHAR_BIT) ^ canaries_from(tail);
        tail += bytes_to_word(tail);
    }
    for (; tail < end; tail += WORD_BYTES) {
        wrong |= load(tail) ^ canary_word((uintptr_t)tail);
    }
    return wrong == 0;
}

/* What the processor reads and writes at once; anywhere. */
typedef uint64_t lanes __attribute__((vector_size(16), aligned(1), may_alias));
enum { LANES_BYTES = sizeof(lanes), SEVERAL_BYTES = 4 * LANES_BYTES };

CN_INLINE lanes lanes_of(unsigned char byte) { return (lanes){cn_fill_word(byte), cn_fill_word(byte)}; }

CN_INLINE CN_RACY lanes load_lanes(const char *address) { return *(const lanes *)(const void *)address; }
CN_INLINE CN_RACY void store_lanes(char *address, lanes fill) { *(lanes *)(void *)address = fill; }

/* At least as many bytes as lanes. The last ones may be looked at twice. */
CN_INLINE CN_RACY bool is_filled(const char *from, const char *to, lanes fill) {
    lanes wrong = load_lanes(to - LANES_BYTES) ^ fill;
    for (; to - from >= SEVERAL_BYTES; from += SEVERAL_BYTES) {
        wrong |= (load_lanes(from) ^ fill) | (load_lanes(from + LANES_BYTES) ^ fill);
        wrong |= (load_lanes(from + 2 * LANES_BYTES) ^ fill) | (load_lanes(from + 3 * LANES_BYTES) ^ fill);
    }
    for (; to - from >= LANES_BYTES; from += LANES_BYTES) {
        wrong |= load_lanes(from) ^ fill;
    }
    return (wrong[0] | wrong[1]) == 0;
}

static CN_RACY const char *find_wrong_fill(const char *from, const char *to, unsigned char byte) {
    while (from < to && (unsigned char)*from == byte) {
        from++;
    }
    return from < to ? from : NULL;
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

void cn_canary_write_around(char *head, char *user, char *tail, char *end) {
    cn_watch_begin_quiet();
    write_around(head, user, tail, end);
    cn_watch_end_quiet();
}

/* Memcheck takes what is made of canaries for unset. */
static CN_NOINLINE bool is_whole_under_watch(const char *head, const char *user, const char *tail, const char *end) {
    cn_watch_begin_quiet();
    bool is_whole = is_whole_around(head, user, tail, end);
    cn_watch_trust(&is_whole, sizeof is_whole);
    cn_watch_end_quiet();
    return is_whole;
}

bool cn_canary_is_whole_around(const char *head, const char *user, const char *tail, const char *end) {
    return cn_watch_is_on() ? is_whole_under_watch(head, user, tail, end) : is_whole_around(head, user, tail, end);
}

/* AddressSanitizer has a memset of its own, which looks at the bytes. */
static CN_RACY void fill_watched(char *from, size_t bytes, unsigned char byte) {
    cn_watch_show(from, bytes);
    memset(from, byte, bytes);
    cn_watch_hide(from, bytes);
}

CN_RACY void cn_fill_write(char *from, const char *to, unsigned char byte) {
    enum { FEW_BYTES = 512 };
    size_t bytes = (size_t)(to - from);
    if (bytes < LANES_BYTES || bytes > FEW_BYTES || cn_watch_is_on()) {
        fill_watched(from, bytes, byte);
        return;
    }
    lanes fill = lanes_of(byte);
    store_lanes(from + bytes - LANES_BYTES, fill);
    for (; to - from >= LANES_BYTES; from += LANES_BYTES) {
        store_lanes(from, fill);
    }
}

CN_RACY const char *cn_fill_check(const char *from, const char *to, unsigned char byte) {
    if (!cn_watch_is_on() && to - from >= LANES_BYTES && is_filled(from, to, lanes_of(byte))) {
        return NULL;
    }
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
