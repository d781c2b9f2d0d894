#include "promise.h"

#include "alloc/os.h"
#include "alloc/os_watch.h"
#include "canary.h"
#include "own_lock.h"

enum { PROMISES_MAX = 1 << 16, ENTRIES = 2 * PROMISES_MAX };

enum what { NONE, ENDED, SEAL, FENCE };

/* Of ended ones the place is kept, so that a search goes on beyond it. */
struct entry {
    char *core;
    uint64_t serial;
    enum what what;
    size_t offset; /* of a fence, in the program's bytes */
    size_t bytes;
    uint64_t sum;      /* of a seal */
    uint64_t number;   /* of a seal: no two have the same */
    bool is_protected; /* of a seal: the pages that the block has to itself cannot be written */
    bool is_told;      /* of a seal: that it is broken was reported */
};

static struct cn_own_lock lock; /* guards what follows */
static struct entry *table;     /* made with the first promise */
static size_t promise_count;
static uint64_t last_number;

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

/* The block's next entry of the kind (NONE: of any) from the `skip`-th place of its home on; `skip` goes beyond it. NULL:
 * there is none. */
static struct entry *next_of(const struct cn_known *known, uint64_t serial, enum what what, size_t *skip) {
    size_t home = home_of(known->core);
    while (table != NULL && *skip < ENTRIES) {
        struct entry *entry = &table[(home + (*skip)++) % ENTRIES];
        if (entry->what == NONE) {
            break;
        }
        bool is_wanted = what == NONE ? entry->what != ENDED : entry->what == what;
        if (entry->core == known->core && entry->serial == serial && is_wanted) {
            return entry;
        }
    }
    return NULL;
}

static struct entry *seal_of(const struct cn_known *known, uint64_t serial) {
    size_t skip = 0;
    return next_of(known, serial, SEAL, &skip);
}

static bool add_locked(const struct entry *wanted) {
    if (promise_count == PROMISES_MAX || !has_table()) {
        return false;
    }
    size_t place = home_of(wanted->core);
    while (table[place].what != NONE && table[place].what != ENDED) {
        place = (place + 1) % ENTRIES;
    }
    table[place] = *wanted;
    promise_count++;
    return true;
}

/* Ended ones up to a place that has none are no more in a search's way, and go. */
static void end_entry(struct entry *entry) {
    size_t place = (size_t)(entry - table);
    entry->what = ENDED;
    promise_count--;
    if (table[(place + 1) % ENTRIES].what != NONE) {
        return;
    }
    for (; table[place].what == ENDED; place = (place + ENTRIES - 1) % ENTRIES) {
        table[place].what = NONE;
    }
}

/* The same as it is now; false where there is none, or this thread was interrupted at the table. */
static bool copy_next(const struct cn_known *known, uint64_t word, enum what what, size_t *skip, struct entry *copy) {
    if (!cn_own_lock_take(&lock)) {
        return false;
    }
    const struct entry *entry = next_of(known, cn_record_serial_of(word), what, skip);
    bool is_found = entry != NULL;
    if (is_found) {
        *copy = *entry;
    }
    cn_own_lock_give(&lock);
    return is_found;
}

static bool copy_seal(const struct cn_known *known, uint64_t word, struct entry *copy) {
    size_t skip = 0;
    return copy_next(known, word, SEAL, &skip, copy);
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
static uint64_t sum_of_bytes(const struct cn_known *known, uint64_t word, bool is_protected) {
    const uint64_t offset_basis = UINT64_C(0xcbf29ce484222325);
    struct range user = user_of(known, word);
    struct range pages = pages_of(known, word);
    if (!is_protected) {
        return add_to_sum(offset_basis, user.start, user.end);
    }
    uint64_t sum = pages.start > user.start ? add_to_sum(offset_basis, user.start, pages.start) : offset_basis;
    return pages.end < user.end ? add_to_sum(sum, pages.end, user.end) : sum;
}

/* The program may not have set all the bytes yet. */
static uint64_t sum_of(const struct cn_known *known, uint64_t word, bool is_protected) {
    uint64_t sum = sum_of_bytes(known, word, is_protected);
    cn_watch_trust(&sum, sizeof sum);
    return sum;
}

/* False where there is nothing to protect, or the system refuses. */
static bool protect(const struct cn_known *known, uint64_t word, enum cn_access_right right) {
    struct range pages = pages_of(known, word);
    return pages.start < pages.end && cn_os_protect(pages.start, (size_t)(pages.end - pages.start), right);
}

static bool add_seal(const struct cn_known *known, uint64_t word, bool is_protected) {
    struct entry entry = {
        .core = known->core, .serial = cn_record_serial_of(word), .what = SEAL, .is_protected = is_protected};
    entry.sum = sum_of(known, word, is_protected);
    if (!cn_own_lock_take(&lock)) {
        return false;
    }
    entry.number = ++last_number;
    bool is_added = add_locked(&entry);
    cn_own_lock_give(&lock);
    return is_added;
}

bool cn_promise_seal(const struct cn_known *known, uint64_t word) {
    unsigned marks = cn_record_marks_of(word);
    if ((marks & CN_MARK_SEALED) != 0) {
        return true;
    }
    bool is_protected = protect(known, word, CN_RIGHT_READ);
    if (!add_seal(known, word, is_protected)) {
        if (is_protected) {
            (void)protect(known, word, CN_RIGHT_WRITE);
        }
        return false;
    }
    set_marks(known, word, marks | CN_MARK_SEALED);
    return true;
}

/* The block may have been unsealed and sealed again meanwhile, which leaves its record's word as it was. */
static bool is_seal_broken(const struct cn_known *known, uint64_t word) {
    struct entry seal;
    struct entry now;
    return copy_seal(known, word, &seal) && seal.sum != sum_of(known, word, seal.is_protected) &&
           copy_seal(known, word, &now) && now.number == seal.number;
}

/* True once for each seal. */
static bool is_to_be_told(const struct cn_known *known, uint64_t word) {
    if (!cn_own_lock_take(&lock)) {
        return false;
    }
    struct entry *seal = seal_of(known, cn_record_serial_of(word));
    bool is_first = seal != NULL && !seal->is_told;
    if (is_first) {
        seal->is_told = true;
    }
    cn_own_lock_give(&lock);
    return is_first;
}

static void report_seal(const struct cn_known *known, uint64_t word, const struct cn_look *look) {
    if (is_to_be_told(known, word)) {
        struct cn_incident incident = cn_incident_of(CN_KIND_SEALED_WRITE, look, NULL, known);
        cn_report(&incident);
    }
}

void cn_promise_unseal(const struct cn_known *known, uint64_t word) {
    (void)protect(known, word, CN_RIGHT_WRITE);
    if (cn_own_lock_take(&lock)) {
        struct entry *seal = seal_of(known, cn_record_serial_of(word));
        if (seal != NULL) {
            end_entry(seal);
        }
        cn_own_lock_give(&lock);
    }
    set_marks(known, word, cn_record_marks_of(word) & (unsigned)~CN_MARK_SEALED);
}

/* ---- fences -------------------------------------------------------------------------------------------------- */

/* With its canaries, before another thread can know of it. */
static bool add_fence(const struct entry *fence, char *start) {
    if (!cn_own_lock_take(&lock)) {
        return false;
    }
    bool is_added = add_locked(fence);
    if (is_added) {
        cn_canary_write(start, start + fence->bytes);
    }
    cn_own_lock_give(&lock);
    return is_added;
}

bool cn_promise_fence(const struct cn_known *known, uint64_t word, size_t offset, size_t bytes) {
    struct range user = user_of(known, word);
    size_t size = (size_t)(user.end - user.start);
    struct entry fence = {
        .core = known->core, .serial = cn_record_serial_of(word), .what = FENCE, .offset = offset, .bytes = bytes};
    if (offset > size || bytes > size - offset || (cn_record_marks_of(word) & CN_MARK_SEALED) != 0 ||
        !add_fence(&fence, user.start + offset)) {
        return false;
    }
    set_marks(known, word, cn_record_marks_of(word) | CN_MARK_FENCED);
    return true;
}

/* The first damaged fence; false where all are whole. */
static bool find_broken_fence(const struct cn_known *known, uint64_t word, struct range *damage) {
    size_t skip = 0;
    char *user = user_of(known, word).start;
    const char *first = NULL;
    struct entry fence;
    while (first == NULL && copy_next(known, word, FENCE, &skip, &fence)) {
        char *end = user + fence.offset + fence.bytes;
        first = cn_canary_check(user + fence.offset, end);
        damage->start = first != NULL ? user + (first - user) : NULL;
        damage->end = first != NULL ? user + (cn_canary_damage_end(first, end) - user) : NULL;
    }
    return first != NULL;
}

/* ---- both ---------------------------------------------------------------------------------------------------- */

bool cn_promise_check(const struct cn_known *known, uint64_t word, const struct cn_look *look) {
    unsigned marks = cn_record_marks_of(word);
    struct range damage = {NULL, NULL};
    if ((marks & CN_MARK_SEALED) != 0 && is_seal_broken(known, word) && cn_record_is_unchanged(known, word)) {
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
        (void)protect(known, word, CN_RIGHT_WRITE);
    }
    if (!cn_own_lock_take(&lock)) {
        return;
    }
    for (struct entry *entry = next_of(known, cn_record_serial_of(word), NONE, &skip); entry != NULL;
         entry = next_of(known, cn_record_serial_of(word), NONE, &skip)) {
        end_entry(entry);
    }
    cn_own_lock_give(&lock);
}

bool cn_promise_has_been_made(void) { return table != NULL; }

void cn_promise_after_fork(void) { cn_own_lock_renew(&lock); }
