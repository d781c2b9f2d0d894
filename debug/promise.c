#include "promise.h"

#include "alloc/lock.h"
#include "alloc/os.h"
#include "alloc/os_watch.h"
#include "canary.h"

enum { ENTRIES = 1 << 16 };

enum what { NONE, ENDED, SEAL, FENCE };

/* Of ended ones the place is kept, so that a search goes on beyond it. */
struct entry {
    char *core;
    uint64_t serial;
    enum what what;
    size_t offset; /* of a fence, in the program's bytes */
    size_t bytes;
    uint64_t sum; /* of a seal */
    bool is_told; /* of a seal: that it is broken was reported */
};

static struct cn_lock lock; /* guards the table */
static struct entry *table; /* made with the first promise */

/* ---- the table ----------------------------------------------------------------------------------------------- */

static size_t home_of(const char *core) {
    return (size_t)((uintptr_t)core / CN_GRANULE_BYTES * UINT64_C(0x9E3779B97F4A7C15) >> 32) % ENTRIES;
}

static bool has_table(void) {
    size_t bytes = cn_round_up(sizeof(struct entry) * ENTRIES, cn_os_page_bytes());
    if (table == NULL) {
        table = (struct entry *)(void *)cn_os_map(bytes, cn_os_page_bytes());
    }
    return table != NULL;
}

/* The next entry of the block from the `skip`-th place of its home on; `skip` goes beyond it. NULL: there is none. */
static struct entry *next_of(const struct cn_known *known, uint64_t serial, size_t *skip) {
    size_t home = home_of(known->core);
    while (table != NULL && *skip < ENTRIES) {
        struct entry *entry = &table[(home + (*skip)++) % ENTRIES];
        if (entry->what == NONE) {
            break;
        }
        if (entry->core == known->core && entry->serial == serial && entry->what != ENDED) {
            return entry;
        }
    }
    return NULL;
}

static struct entry *seal_of(const struct cn_known *known, uint64_t serial) {
    size_t skip = 0;
    struct entry *entry = next_of(known, serial, &skip);
    while (entry != NULL && entry->what != SEAL) {
        entry = next_of(known, serial, &skip);
    }
    return entry;
}

static bool add_locked(const struct entry *wanted) {
    size_t home = home_of(wanted->core);
    for (size_t i = 0; has_table() && i < ENTRIES; i++) {
        struct entry *entry = &table[(home + i) % ENTRIES];
        if (entry->what == NONE || entry->what == ENDED) {
            *entry = *wanted;
            return true;
        }
    }
    return false;
}

static bool add(const struct entry *wanted) {
    cn_lock_take(&lock);
    bool is_added = add_locked(wanted);
    cn_lock_give(&lock);
    return is_added;
}

static void set_marks(const struct cn_known *known, uint64_t word, unsigned marks) {
    atomic_store_explicit(&known->record->word, cn_record_with_marks(word, marks), memory_order_release);
}

/* ---- seals --------------------------------------------------------------------------------------------------- */

struct range {
    char *start;
    char *end;
};

static struct range user_of(const struct cn_known *known, uint64_t word) {
    char *user = known->core + cn_record_head_of(word);
    return (struct range){user, user + cn_record_size(known->record)};
}

/* The pages that the block has to itself: those that its bytes fill, or, on guarded pages, all of its own. */
static struct range pages_of(const struct cn_known *known, uint64_t word) {
    uintptr_t page = cn_os_page_bytes();
    struct range user = user_of(known, word);
    bool is_alone = known->kind == CN_BLOCK_GUARDED;
    uintptr_t start = (uintptr_t)user.start + (is_alone ? 0 : page - 1);
    uintptr_t end = (uintptr_t)user.end + (is_alone ? page - 1 : 0);
    if (known->kind == CN_BLOCK_POOL || start / page >= end / page) {
        return (struct range){user.end, user.end};
    }
    return (struct range){(char *)(start / page * page), (char *)(end / page * page)}; // NOLINT: around user.start
}

/* FNV-1a over words, bytes at the end. http://www.isthe.com/chongo/tech/comp/fnv/ */
__attribute__((no_sanitize("thread", "address"))) static uint64_t add_to_sum(uint64_t sum, const char *from,
                                                                             const char *to) {
    const uint64_t prime = UINT64_C(0x100000001b3);
    for (; from + sizeof(uint64_t) <= to; from += sizeof(uint64_t)) {
        uint64_t word;
        __builtin_memcpy(&word, from, sizeof word);
        sum = (sum ^ word) * prime;
        sum ^= sum >> 32;
    }
    for (; from < to; from++) {
        sum = (sum ^ (unsigned char)*from) * prime;
    }
    return sum;
}

/* Of the bytes that are not on read-only pages. */
static uint64_t sum_of_bytes(const struct cn_known *known, uint64_t word) {
    const uint64_t offset_basis = UINT64_C(0xcbf29ce484222325);
    struct range user = user_of(known, word);
    struct range pages = pages_of(known, word);
    if (pages.start >= pages.end) {
        return add_to_sum(offset_basis, user.start, user.end);
    }
    uint64_t sum = pages.start > user.start ? add_to_sum(offset_basis, user.start, pages.start) : offset_basis;
    return pages.end < user.end ? add_to_sum(sum, pages.end, user.end) : sum;
}

/* The program may not have set all the bytes yet. */
static uint64_t sum_of(const struct cn_known *known, uint64_t word) {
    uint64_t sum = sum_of_bytes(known, word);
    cn_watch_trust(&sum, sizeof sum);
    return sum;
}

static void protect(const struct cn_known *known, uint64_t word, enum cn_access_right right) {
    struct range pages = pages_of(known, word);
    if (pages.start < pages.end) {
        (void)cn_os_protect(pages.start, (size_t)(pages.end - pages.start), right);
    }
}

bool cn_promise_seal(const struct cn_known *known, uint64_t word) {
    unsigned marks = cn_record_marks_of(word);
    if ((marks & CN_MARK_SEALED) != 0) {
        return true;
    }
    struct entry entry = {.core = known->core, .serial = cn_record_serial_of(word), .what = SEAL};
    entry.sum = sum_of(known, word);
    if (!add(&entry)) {
        return false;
    }
    set_marks(known, word, marks | CN_MARK_SEALED);
    protect(known, word, CN_RIGHT_READ);
    return true;
}

/* Whether the sealed block is what it was. */
static bool is_seal_whole(const struct cn_known *known, uint64_t word) {
    cn_lock_take(&lock);
    const struct entry *seal = seal_of(known, cn_record_serial_of(word));
    uint64_t sum = seal != NULL ? seal->sum : 0;
    cn_lock_give(&lock);
    return seal == NULL || sum == sum_of(known, word);
}

/* Once for each seal. */
static void report_seal(const struct cn_known *known, uint64_t word, const struct cn_look *look) {
    cn_lock_take(&lock);
    struct entry *seal = seal_of(known, cn_record_serial_of(word));
    bool was_told = seal == NULL || seal->is_told;
    if (seal != NULL) {
        seal->is_told = true;
    }
    cn_lock_give(&lock);
    if (!was_told) {
        struct cn_incident incident = cn_incident_of(CN_KIND_SEALED_WRITE, look, NULL, known);
        cn_report(&incident);
    }
}

static void end_entry(struct entry *entry) { entry->what = ENDED; }

void cn_promise_unseal(const struct cn_known *known, uint64_t word) {
    protect(known, word, CN_RIGHT_WRITE);
    cn_lock_take(&lock);
    struct entry *seal = seal_of(known, cn_record_serial_of(word));
    if (seal != NULL) {
        end_entry(seal);
    }
    cn_lock_give(&lock);
    set_marks(known, word, cn_record_marks_of(word) & (unsigned)~CN_MARK_SEALED);
}

/* ---- fences -------------------------------------------------------------------------------------------------- */

bool cn_promise_fence(const struct cn_known *known, uint64_t word, size_t offset, size_t bytes) {
    struct range user = user_of(known, word);
    size_t size = (size_t)(user.end - user.start);
    struct entry entry = {
        .core = known->core, .serial = cn_record_serial_of(word), .what = FENCE, .offset = offset, .bytes = bytes};
    if (offset > size || bytes > size - offset || (cn_record_marks_of(word) & CN_MARK_SEALED) != 0 || !add(&entry)) {
        return false;
    }
    cn_canary_write(user.start + offset, user.start + offset + bytes);
    set_marks(known, word, cn_record_marks_of(word) | CN_MARK_FENCED);
    return true;
}

/* The first damaged fence; false where all are whole. */
static bool find_broken_fence(const struct cn_known *known, uint64_t word, struct range *damage) {
    size_t skip = 0;
    char *user = user_of(known, word).start;
    const char *first = NULL;
    cn_lock_take(&lock);
    for (struct entry *entry = next_of(known, cn_record_serial_of(word), &skip); entry != NULL && first == NULL;
         entry = next_of(known, cn_record_serial_of(word), &skip)) {
        if (entry->what == FENCE) {
            char *end = user + entry->offset + entry->bytes;
            first = cn_canary_check(user + entry->offset, end);
            damage->start = first != NULL ? user + (first - user) : NULL;
            damage->end = first != NULL ? user + (cn_canary_damage_end(first, end) - user) : NULL;
        }
    }
    cn_lock_give(&lock);
    return first != NULL;
}

/* ---- both ---------------------------------------------------------------------------------------------------- */

bool cn_promise_check(const struct cn_known *known, uint64_t word, const struct cn_look *look) {
    unsigned marks = cn_record_marks_of(word);
    struct range damage = {NULL, NULL};
    if ((marks & CN_MARK_SEALED) != 0 && !is_seal_whole(known, word) && cn_record_is_unchanged(known, word)) {
        report_seal(known, word, look);
        return true;
    }
    if ((marks & CN_MARK_FENCED) != 0 && find_broken_fence(known, word, &damage) &&
        cn_record_is_unchanged(known, word)) {
        cn_report_damage(CN_KIND_FENCE_WRITE, known, damage.start, damage.end, look);
        return true;
    }
    return false;
}

void cn_promise_forget(const struct cn_known *known, uint64_t word) {
    size_t skip = 0;
    if ((cn_record_marks_of(word) & CN_MARK_SEALED) != 0) {
        protect(known, word, CN_RIGHT_WRITE);
    }
    cn_lock_take(&lock);
    for (struct entry *entry = next_of(known, cn_record_serial_of(word), &skip); entry != NULL;
         entry = next_of(known, cn_record_serial_of(word), &skip)) {
        end_entry(entry);
    }
    cn_lock_give(&lock);
}

void cn_promise_after_fork(void) { (void)cn_lock_renew(&lock); }
