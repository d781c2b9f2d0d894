#include "quarantine.h"

#include <string.h>

#include "alloc/lock.h"
#include "alloc/options.h"
#include "alloc/os.h"
#include "alloc/thread.h"
#include "damage.h"
#include "duty.h"
#include "live.h"

enum {
    CHUNK_BYTES = 4096,
    CHUNK_ENTRIES = (CHUNK_BYTES - 32) / sizeof(uint64_t),
    AHEAD = 8, /* blocks are fetched into the cache so many entries before they leave */
    CACHE_LINE_BYTES = 64,
    FETCHED_BYTES = 4 * CACHE_LINE_BYTES, /* of each block; the processor goes on by itself */
    /* A chunk holds no more than this share of the quarantine; those that many threads fill, together no more than the
     * other one. (Those of threads that freed while there were fewer, and then no more, are larger.) */
    THREAD_SHARE = 16,
    THREADS_SHARE = 4,
    SERIAL_SHIFT = 48,
};

struct cn_chunk {
    struct cn_chunk *next;
    size_t count;
    size_t bytes;
    uint64_t padding;
    uint64_t entries[CHUNK_ENTRIES]; /* serial number's low 16 bits | address of the core's block */
};
_Static_assert(sizeof(struct cn_chunk) == CHUNK_BYTES, "a chunk is a page");

/* Guarded by `lock`. */
static struct {
    struct cn_lock lock;
    struct cn_chunk *first;
    struct cn_chunk *last;
    struct cn_chunk *spare;
    size_t bytes;
} queue;

static struct cn_lock named_lock;

void cn_quarantine_pause_named(void) { cn_lock_take(&named_lock); }
void cn_quarantine_resume_named(void) { cn_lock_give(&named_lock); }

/* ---- leaving ------------------------------------------------------------------------------------------------- */

static char *core_of(uint64_t entry) {
    return (char *)(uintptr_t)(entry & (((uint64_t)1 << SERIAL_SHIFT) - 1)); // NOLINT: made by add
}

/* The block is the core's again, if it still is what the entry says. */
static void leave(uint64_t entry, const struct cn_known *known) {
    uint64_t word = cn_record_load(known->record);
    if (cn_record_state_of(word) == CN_RECORD_QUARANTINED &&
        (cn_record_serial_of(word) & UINT16_MAX) == entry >> SERIAL_SHIFT) {
        cn_live_leave(known, word);
    }
}

/* A named heap may go at any time, and its blocks' records with it. */
static void leave_named(uint64_t entry) {
    struct cn_known known;
    cn_lock_take(&named_lock);
    size_t duty = cn_duty_begin(cn_duty_give_lock, &named_lock, 0);
    cn_record_find_core(core_of(entry), &known);
    if (known.kind != CN_BLOCK_NONE) {
        leave(entry, &known);
    }
    if (cn_duty_end(duty)) {
        cn_lock_give(&named_lock);
    }
}

static void leave_any(uint64_t entry, const struct cn_known *known) {
    if (known->kind == CN_BLOCK_NONE) {
        return;
    }
    if (CN_UNLIKELY(known->heap != cn_heap_mine && cn_thread_is_named(known->heap))) {
        leave_named(entry);
    } else {
        leave(entry, known);
    }
}

/* Finds the block, and has its record and its first bytes brought into the cache. */
static void fetch(uint64_t entry, struct cn_known *known) {
    cn_record_find_core(core_of(entry), known);
    if (known->kind != CN_BLOCK_NONE) {
        size_t bytes = cn_min(known->core_bytes, FETCHED_BYTES);
        __builtin_prefetch(known->record, 1);
        for (size_t at = 0; at < bytes; at += CACHE_LINE_BYTES) {
            __builtin_prefetch(known->core + at, 1);
        }
        __builtin_prefetch(known->core + bytes - 1, 1);
    }
}

static void leave_all(const struct cn_chunk *chunk) {
    struct cn_known ahead[AHEAD];
    for (size_t i = 0; i < chunk->count && i < AHEAD; i++) {
        fetch(chunk->entries[i], &ahead[i]);
    }
    for (size_t i = 0; i < chunk->count; i++) {
        struct cn_known *known = &ahead[i % AHEAD];
        leave_any(chunk->entries[i], known);
        if (i + AHEAD < chunk->count) {
            fetch(chunk->entries[i + AHEAD], known);
        }
    }
}

/* ---- the queue ----------------------------------------------------------------------------------------------- */

static void append_locked(struct cn_chunk *chunk) {
    chunk->next = NULL;
    queue.bytes += chunk->bytes;
    if (queue.first == NULL) {
        queue.first = chunk;
    } else {
        queue.last->next = chunk;
    }
    queue.last = chunk;
}

/* Of a chunk: a product in place of a division, at each free. */
static bool is_too_much(size_t bytes) {
    return bytes * cn_max(THREAD_SHARE, (size_t)cn_self_count() * THREADS_SHARE) > cn_options.quarantine_bytes;
}

static void put_spare_locked(struct cn_chunk *chunk) {
    chunk->next = queue.spare;
    queue.spare = chunk;
}

/* Its entries go into the last chunk, where that has room, and the chunk is a spare one then. */
static bool join_locked(struct cn_chunk *chunk) {
    struct cn_chunk *last = queue.last;
    if (queue.first == NULL || last->count + chunk->count > CHUNK_ENTRIES || is_too_much(last->bytes + chunk->bytes)) {
        return false;
    }
    memcpy(last->entries + last->count, chunk->entries, chunk->count * sizeof chunk->entries[0]);
    last->count += chunk->count;
    last->bytes += chunk->bytes;
    queue.bytes += chunk->bytes;
    put_spare_locked(chunk);
    return true;
}

/* The oldest chunks, until `keep` bytes are left. */
static struct cn_chunk *take_excess_locked(size_t keep) {
    struct cn_chunk *taken = NULL;
    struct cn_chunk **end = &taken;
    while (queue.first != NULL && queue.bytes > keep) {
        struct cn_chunk *chunk = queue.first;
        queue.first = chunk->next;
        queue.bytes -= chunk->bytes;
        *end = chunk;
        end = &chunk->next;
    }
    *end = NULL;
    return taken;
}

static void give_spare(struct cn_chunk *chunk) {
    cn_lock_take(&queue.lock);
    put_spare_locked(chunk);
    cn_lock_give(&queue.lock);
}

static void leave_chunks(struct cn_chunk *chunk) {
    struct cn_chunk *next;
    for (; chunk != NULL; chunk = next) {
        next = chunk->next;
        leave_all(chunk);
        give_spare(chunk);
    }
}

static struct cn_chunk *take_spare(void) {
    cn_lock_take(&queue.lock);
    struct cn_chunk *chunk = queue.spare;
    if (chunk != NULL) {
        queue.spare = chunk->next;
    }
    cn_lock_give(&queue.lock);
    return chunk != NULL ? chunk : (struct cn_chunk *)(void *)cn_os_map(CHUNK_BYTES, CHUNK_BYTES);
}

static struct cn_chunk *make_chunk(void) {
    struct cn_chunk *chunk = take_spare();
    if (chunk != NULL) {
        chunk->count = 0;
        chunk->bytes = 0;
    }
    return chunk;
}

/* The chunk goes to the queue (NULL: none does), and what is beyond `keep` bytes leaves. False where nothing does. */
static bool settle(struct cn_chunk *chunk, size_t keep) {
    cn_lock_take(&queue.lock);
    if (chunk != NULL && !join_locked(chunk)) {
        append_locked(chunk);
    }
    struct cn_chunk *excess = take_excess_locked(keep);
    cn_lock_give(&queue.lock);
    leave_chunks(excess);
    return excess != NULL;
}

/* The thread's chunk, unless it is empty: such a one is the thread's to fill, or the next one's that gets its place. */
static struct cn_chunk *take_own(struct cn_self *self) {
    bool has_some = self != NULL && self->chunk != NULL && self->chunk->count != 0;
    struct cn_chunk *chunk = has_some ? self->chunk : NULL;
    if (has_some) {
        self->chunk = NULL;
    }
    return chunk;
}

void cn_quarantine_hand_over(struct cn_self *self) {
    struct cn_chunk *chunk = take_own(self);
    if (chunk != NULL) {
        (void)settle(chunk, cn_options.quarantine_bytes);
    }
}

CN_INLINE struct cn_chunk *prepared(struct cn_self *self) {
    if (CN_UNLIKELY(self->chunk == NULL)) {
        self->chunk = make_chunk();
    }
    return self->chunk;
}

void cn_quarantine_prepare(struct cn_self *self) { (void)prepared(self); }

/* Blocks of named heaps are not kept by threads: whoever makes room in a heap's budget must find them in the queue. */
static bool is_kept_by_thread(const struct cn_known *known) {
    return CN_LIKELY(known->heap == cn_heap_mine || known->heap == NULL) || !cn_thread_is_named(known->heap);
}

void cn_quarantine_add(struct cn_self *self, const struct cn_known *known, uint64_t serial) {
    uint64_t entry = serial << SERIAL_SHIFT | (uintptr_t)known->core;
    struct cn_chunk *chunk = self != NULL ? prepared(self) : make_chunk();
    if (chunk == NULL || cn_options.quarantine_bytes == 0) {
        if (self == NULL && chunk != NULL) {
            give_spare(chunk);
        }
        leave_any(entry, known);
        return;
    }
    chunk->entries[chunk->count++] = entry;
    chunk->bytes += cn_live_waiting_bytes(known) + sizeof entry;
    if (self == NULL) {
        (void)settle(chunk, cn_options.quarantine_bytes);
    } else if (chunk->count == CHUNK_ENTRIES || is_too_much(chunk->bytes) || !is_kept_by_thread(known)) {
        cn_quarantine_hand_over(self);
    }
}

/* Spare chunks go back to the system; false where there were none. */
static bool unmap_spares(void) {
    cn_lock_take(&queue.lock);
    struct cn_chunk *spare = queue.spare;
    queue.spare = NULL;
    cn_lock_give(&queue.lock);
    bool had_any = spare != NULL;
    while (spare != NULL) {
        struct cn_chunk *next = spare->next;
        cn_os_unmap(spare, CHUNK_BYTES);
        spare = next;
    }
    return had_any;
}

bool cn_quarantine_flush(struct cn_self *self) {
    bool have_left = settle(take_own(self), 0);
    return unmap_spares() || have_left;
}

/* ---- after a fork -------------------------------------------------------------------------------------------- */

static void adopt(struct cn_self *self) {
    if (self != cn_self_mine && self->chunk != NULL) {
        append_locked(self->chunk);
        self->chunk = NULL;
    }
}

/* If another thread was at the queue, its links may be halfway: what it held then waits for ever, and is found by a
 * sweep only. */
void cn_quarantine_after_fork(void) {
    (void)cn_lock_renew(&named_lock);
    if (cn_lock_renew(&queue.lock)) {
        queue.first = NULL;
        queue.spare = NULL;
        queue.bytes = 0;
    }
    cn_self_after_fork(adopt);
}
