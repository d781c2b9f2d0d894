#include "direct.h"

#include <stdatomic.h>
#include <stdint.h>

#include "bits.h"
#include "counts.h"
#include "geometry.h"
#include "os.h"

enum { ENTRIES = CN_DIRECT_ENTRIES, TOMBSTONE = 1 };

struct entry {
    _Atomic uintptr_t address; /* release when the rest is written, acquire where it is read */
    size_t bytes;
};

static _Atomic(struct entry *) table;

static struct entry *entries(void) { return atomic_load_explicit(&table, memory_order_acquire); }

static struct entry *make_table(void) {
    size_t bytes = cn_round_up(ENTRIES * sizeof(struct entry), cn_os_page_bytes());
    struct entry *fresh = (struct entry *)(void *)cn_os_map(bytes, cn_os_page_bytes());
    struct entry *other = NULL;
    if (fresh != NULL && !atomic_compare_exchange_strong(&table, &other, fresh)) {
        cn_os_unmap(fresh, bytes);
        fresh = other;
    }
    return fresh;
}

/* Multiplicative hashing: Knuth, The Art of Computer Programming, volume 3, section 6.4. */
static size_t home_of(uintptr_t address) {
    return (size_t)((address >> 12) * UINT64_C(0x9E3779B97F4A7C15) >> 47) % ENTRIES;
}

static struct entry *find(const void *block) {
    struct entry *all = entries();
    uintptr_t wanted = (uintptr_t)block;
    if (all == NULL || wanted <= TOMBSTONE) {
        return NULL;
    }
    size_t home = home_of(wanted);
    for (size_t i = 0; i < ENTRIES; i++) {
        struct entry *entry = &all[(home + i) % ENTRIES];
        uintptr_t address = atomic_load_explicit(&entry->address, memory_order_acquire);
        if (address == wanted) {
            return entry;
        }
        if (address == 0) {
            return NULL;
        }
    }
    return NULL;
}

/* Claims a place for the address, which nobody looks up until `address` is stored: TOMBSTONE + 1 is never aligned. */
static struct entry *claim_entry(struct entry *all, uintptr_t address) {
    size_t home = home_of(address);
    for (size_t i = 0; i < ENTRIES; i++) {
        struct entry *entry = &all[(home + i) % ENTRIES];
        uintptr_t seen = atomic_load_explicit(&entry->address, memory_order_relaxed);
        if (seen <= TOMBSTONE && atomic_compare_exchange_strong(&entry->address, &seen, TOMBSTONE + 1)) {
            return entry;
        }
    }
    return NULL;
}

/* Less, where `bytes` is a difference below 0. */
static void count_more(size_t bytes) {
    (void)cn_count_add(&cn_counts.direct_bytes, bytes);
    cn_count_peaks();
}

static bool add(char *block, size_t bytes) {
    struct entry *all = entries() != NULL ? entries() : make_table();
    struct entry *entry = all != NULL ? claim_entry(all, (uintptr_t)block) : NULL;
    if (entry == NULL) {
        return false;
    }
    entry->bytes = bytes;
    count_more(bytes);
    atomic_store_explicit(&entry->address, (uintptr_t)block, memory_order_release);
    return true;
}

/* Of several threads that remove the same entry, one succeeds; the bytes it had are returned, else 0. */
static size_t remove_entry(struct entry *entry, const void *block) {
    uintptr_t address = (uintptr_t)block;
    size_t bytes = entry->bytes;
    if (!atomic_compare_exchange_strong(&entry->address, &address, TOMBSTONE)) {
        return 0;
    }
    cn_count_sub(&cn_counts.direct_bytes, bytes);
    return bytes;
}

void *cn_direct_malloc(size_t bytes, size_t alignment) {
    size_t page = cn_os_page_bytes();
    size_t rounded = cn_round_up(cn_max(bytes, 1), page);
    char *block = cn_os_map(rounded, cn_max(alignment, page));
    if (block != NULL && !add(block, rounded)) {
        cn_os_unmap(block, rounded);
        return NULL;
    }
    return block;
}

size_t cn_direct_bytes(const void *block) {
    const struct entry *entry = find(block);
    return entry != NULL ? entry->bytes : 0;
}

bool cn_direct_free(void *block) {
    struct entry *entry = find(block);
    size_t bytes = entry != NULL ? remove_entry(entry, block) : 0;
    if (bytes != 0) {
        cn_os_unmap(block, bytes);
    }
    return bytes != 0;
}

bool cn_direct_resize(void *block, size_t bytes) {
    struct entry *entry = find(block);
    size_t rounded = cn_round_up(cn_max(bytes, 1), cn_os_page_bytes());
    if (entry == NULL || !cn_os_resize(block, entry->bytes, rounded)) {
        return false;
    }
    count_more(rounded - entry->bytes);
    entry->bytes = rounded;
    return true;
}

bool cn_direct_walk(bool (*visit)(void *, size_t, void *), void *argument) {
    struct entry *all = entries();
    for (size_t i = 0; all != NULL && i < ENTRIES; i++) {
        uintptr_t address = atomic_load_explicit(&all[i].address, memory_order_acquire);
        if (address > TOMBSTONE + 1 && !visit((void *)address, all[i].bytes, argument)) { // NOLINT
            return false;
        }
    }
    return true;
}

size_t cn_direct_total_bytes(void) { return cn_count_of(&cn_counts.direct_bytes); }
