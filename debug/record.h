/*
 * record.h: what the debug form knows of each block, out of line, where the program cannot write it.
 *
 * A block of the core holds, in this order:
 *
 *   | head canary | the program's bytes, as many as it asked for | tail canary, to the end of the core's block |
 *   ^ core        ^ user = core + head_bytes
 *
 * The head is 16 bytes, or the alignment that was asked for if that is more. While the block is not live, all of it
 * holds the freed fill. Its record has one of these states:
 *
 *   none        beyond what its pool has handed out so far
 *   busy        being made or resized by some thread: nobody else looks at its bytes
 *   live        the program's
 *   quarantined freed by the program, not yet by the core; also a block that a report has parked for good
 *   free        the core's again; with serial number 0: never handed out
 *
 *   none --the pool hands it to a magazine--> free --malloc--> busy --> live --free--> quarantined --leave--> free
 *
 * Only `word` decides, and is changed by compare-and-swap where more than one thread may: of two frees one wins.
 * Whoever looks at the bytes of a block without owning it (audit.c) reads `word` before and after.
 *
 * The records of a pool lie side by side in its first slot's notes (hooks.h), by the blocks' index; a span has the
 * first record of its first slot. Blocks outside the region have theirs in a table of addresses.
 *
 * A guarded block (guard.h) has its record in its extent's notes. The pages around the program's bytes are its head and
 * tail, as far as they reach; the head is cut off where its pages begin. It does not wait in quarantine, but is
 * quarantined until the zone has come round to it.
 *
 * D1  The bytes of a block that is none of busy and live, and was handed out or follows one that was, are all the freed
 *     fill, but where they are protected.
 * D2  A live block's tail, and its head or the end of it, are its canaries. What a longer head begins with is the freed fill
 *     in a pool; elsewhere it is not known.
 * D3  Where the record is live or quarantined, the core's block is live, but for guarded blocks. So what a pool that is gone
 *     has left of its records says none or free.
 */
#ifndef CN_RECORD_H
#define CN_RECORD_H

#include <stdatomic.h>

#include "alloc/block.h"
#include "alloc/heap.h"
#include "alloc/hooks.h"
#include "alloc/os.h"
#include "alloc/os_threads.h"

enum cn_record_state {
    CN_RECORD_NONE,
    CN_RECORD_BUSY,
    CN_RECORD_LIVE,
    CN_RECORD_QUARANTINED,
    CN_RECORD_FREE,
};

/* Marks beside the state. */
enum {
    CN_MARK_PROTECTED = 1, /* its pages cannot be accessed */
    CN_MARK_PARKED = 2,    /* damaged: it never leaves quarantine */
    CN_MARK_SEALED = 4,    /* see promise.h */
    CN_MARK_FENCED = 8,
};

/* Fields are read by any thread at any time, written by the one that made the record busy or quarantined. */
struct cn_record {
    _Atomic uint64_t word;        /* serial number 48 bits | log2 of head_bytes 6 | marks 4 | asked 3 | state 3 */
    _Atomic uint64_t extent;      /* size_bytes 40 bits | thread that allocated 12 | thread that freed 12 */
    _Atomic uint32_t alloc_stack; /* depot.h */
    _Atomic uint32_t free_stack;
};
_Static_assert(sizeof(struct cn_record) == 24, "records are most of what the debug form adds");

/* The largest block; and the last thread that is told from later ones (self.h). */
#define CN_RECORD_SIZE_MAX (((size_t)1 << 40) - 1)
enum { CN_RECORD_THREAD_MAX = (1 << 12) - 1 };

/* The head of a block that was not asked for with a larger alignment; and how many bytes of a head are canaries, at most:
 * the last ones. */
enum { CN_RECORD_USUAL_HEAD_BYTES = 16, CN_RECORD_HEAD_CANARIES_MAX = 4096 };

/* A block of the core, and its record. */
struct cn_known {
    enum cn_block_kind kind; /* CN_BLOCK_NONE: there is no block, or no record of it */
    char *core;
    size_t core_bytes;
    struct cairn_heap *heap; /* of a pool's block; of a span or a guarded block: a named heap, or NULL */
    struct cn_record *record;
};

/* Where the canaries before a block start, which end with its head of `head_bytes`. */
CN_INLINE char *cn_record_canaries(const struct cn_known *known, size_t head_bytes) {
    char *user = known->core + head_bytes;
    size_t bytes = cn_min(head_bytes, CN_RECORD_HEAD_CANARIES_MAX);
    if (CN_UNLIKELY(known->kind ==
                    CN_BLOCK_GUARDED)) { /* all of the page in which its bytes start, whatever the head */
        bytes = (uintptr_t)user % cn_os_page_bytes();
    }
    return user - bytes;
}

/* A record's fields at one moment. */
struct cn_facts {
    enum cn_record_state state;
    enum cn_asked asked;
    unsigned marks;
    uint64_t serial;
    size_t head_bytes;
    size_t size_bytes;
    uint32_t alloc_stack;
    uint32_t free_stack;
    unsigned alloc_thread;
    unsigned free_thread;
};

/* The block whose core bytes hold the address, live or not. kind CN_BLOCK_NONE outside of pools, spans and direct
 * blocks, in a pool's slack, and in blocks of a pool that the program never had. */
struct cn_known cn_record_around(const void *address);

/* The records of the pool that starts in the slot, or of the span. */
CN_INLINE struct cn_record *cn_record_first(size_t slot) { return (struct cn_record *)(void *)cn_slot_notes(slot); }

/* The block that starts at the region's byte `byte`, in a slot of a pool that is there: by the slot's owner word,
 * where pools are of one slot, without a look at the pool's entry. False where none starts there. */
CN_INLINE bool cn_record_find_start(size_t byte, struct cn_known *known) {
    size_t slot = byte >> CN_SLOT_SHIFT;
    uintptr_t owner = atomic_load_explicit(&cn_region.owner[slot], memory_order_acquire);
    if (CN_UNLIKELY(owner == 0 || owner == CN_OWNER_SPAN)) {
        return false;
    }
    const struct cn_class *class = cn_class_at(cn_class_of_owner(owner));
    size_t first = class->pool_slots == 1 ? slot : slot - cn_pool_back(&cn_region.pools[slot]);
    size_t within = byte - (first << CN_SLOT_SHIFT);
    uint32_t index = cn_class_block_at(class, within);
    known->kind = CN_BLOCK_POOL;
    known->core = cn_region.base + byte;
    known->core_bytes = class->block_bytes;
    known->heap = cn_heap_of_owner(owner);
    known->record = cn_record_first(first) + index;
    return (size_t)index * class->block_bytes == within && index < class->pool_blocks;
}

/* The block of the core that starts at `core`. Of one that its pool has not handed out yet, the record is none or
 * free. */
struct cn_known cn_record_of_core(const char *core);
void cn_record_find_other_core(const char *core, struct cn_known *known); /* where `find_start` finds none */

/* The same in place: what is written field by field and then copied at once would be waited for. */
CN_INLINE void cn_record_find_core(const char *core, struct cn_known *known) {
    size_t byte = (uintptr_t)core - (uintptr_t)cn_region.base;
    bool is_found = cn_region_covers(byte >> CN_GRANULE_SHIFT) && cn_record_find_start(byte, known);
    if (CN_UNLIKELY(!is_found)) {
        cn_record_find_other_core(core, known);
    }
}

/* The block whose program's bytes would start at `user`, if it had a head of the usual size. */
CN_INLINE void cn_record_find_user(const void *user, struct cn_known *known) {
    cn_record_find_core((const char *)((uintptr_t)user - CN_RECORD_USUAL_HEAD_BYTES), known); // NOLINT: any address
}

/* The guarded block around the address, live or freed, or about to be made. */
struct cn_known cn_record_of_guarded(const void *address);
/* Says which named heap it is of; NULL: of none, as at first. */
void cn_record_set_guarded_heap(const struct cn_known *known, struct cairn_heap *heap);

/* Makes a record for a direct block; false where there is no room. `forget` ends it. */
bool cn_record_add_direct(void *core, size_t core_bytes);
void cn_record_forget_direct(const void *core);
/* Calls `visit` for every direct block that has a record. */
void cn_record_walk_direct(void (*visit)(const struct cn_known *known, void *argument), void *argument);

struct cn_facts cn_record_facts(const struct cn_record *record);

/* Whether bytes of the block that were just read are those that its record's word `word` speaks of: false where another
 * thread has changed the record meanwhile, or the pool is gone. */
bool cn_record_is_unchanged(const struct cn_known *known, uint64_t word);

/* The named heap that the block is of; NULL: of none. */
struct cairn_heap *cn_record_named_heap(const struct cn_known *known);

/* Blocks are numbered from 1 in the order in which they were asked for. */
uint64_t cn_record_next_serial(void);
uint64_t cn_record_last_serial(void);

CN_INLINE size_t cn_record_size(const struct cn_record *record) {
    return atomic_load_explicit(&record->extent, memory_order_relaxed) & CN_RECORD_SIZE_MAX;
}

/* By the thread that has made the record busy. */
void cn_record_set_born(struct cn_record *record, size_t size_bytes, unsigned thread, uint32_t stack);
void cn_record_set_freed(struct cn_record *record, unsigned thread, uint32_t stack);

CN_INLINE enum cn_record_state cn_record_state_of(uint64_t word) { return (enum cn_record_state)(word & 7); }
CN_INLINE enum cn_asked cn_record_asked_of(uint64_t word) { return (enum cn_asked)(word >> 3 & 7); }
CN_INLINE unsigned cn_record_marks_of(uint64_t word) { return (unsigned)(word >> 6 & 15); }
CN_INLINE size_t cn_record_head_of(uint64_t word) { return (size_t)1 << (word >> 10 & 63); }
CN_INLINE uint64_t cn_record_serial_of(uint64_t word) { return word >> 16; }

CN_INLINE uint64_t cn_record_word(uint64_t serial, size_t head_bytes, unsigned marks, enum cn_asked asked,
                                  enum cn_record_state state) {
    return serial << 16 | (uint64_t)cn_ctz(head_bytes) << 10 | (uint64_t)marks << 6 | (uint64_t)asked << 3 |
           (uint64_t)state;
}
CN_INLINE uint64_t cn_record_with_state(uint64_t word, enum cn_record_state state) {
    return (word & ~(uint64_t)7) | (uint64_t)state;
}
CN_INLINE uint64_t cn_record_with_marks(uint64_t word, unsigned marks) {
    return (word & ~((uint64_t)15 << 6)) | (uint64_t)marks << 6;
}

CN_INLINE uint64_t cn_record_load(const struct cn_record *record) {
    return atomic_load_explicit(&record->word, memory_order_acquire);
}
/* False where another thread has changed it meanwhile; `expected` is what it is then. */
CN_INLINE bool cn_record_change(struct cn_record *record, uint64_t *expected, uint64_t word) {
    return cn_os_change(&record->word, expected, word);
}

/* A quarantined block is set aside for good, unless its record has changed since its word was `word`. */
CN_INLINE void cn_record_park(struct cn_record *record, uint64_t word) {
    uint64_t parked = cn_record_with_marks(word, cn_record_marks_of(word) | CN_MARK_PARKED);
    (void)cn_record_change(record, &word, parked);
}

#endif
