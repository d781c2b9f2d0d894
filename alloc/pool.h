/*
 * pool.h: a run of slots cut into blocks of one size class, or taken as a whole by a span.
 *
 * A pool's blocks are in one of four states:
 *
 *   fresh     never handed out since the pool was made: block index >= `fresh`
 *   idle      handed out before, and back
 *   cached    in the magazine of the pool's heap and class (magazine.h)
 *   live      the program's: its live bit is set
 *
 *   fresh, idle --take--> cached --pop--> live --push--> cached --drop--> idle
 *                                         live --drop (freed by another thread)--> idle
 *
 * The pool keeps no list of idle blocks. A magazine is refilled only when it is empty; then no block of its class is
 * cached, so that the idle blocks are exactly those whose live bit is clear: taking is a scan of the live bitmap.
 * `worth` says which of its words are worth a look.
 *
 * Lists: a pool is on its heap's list of the class, `partial` while it has a block that is fresh or idle, else `full`.
 *
 * P1  held = live blocks + cached blocks <= blocks; fresh <= blocks.
 * P2  Live bits stand only at starts of blocks below `fresh`.
 * P3  A word in which an idle block starts has its bit in the slot's `worth`.
 * P4  A pool is on `partial` exactly where held < blocks.
 * P5  The owner word of each of the pool's slots is the magazine of its heap and class, perhaps marked CN_OWNER_PENDING.
 * P6  A page that `clean` marks holds no live and no cached block, and was given back since it last held a live one.
 *
 * Only the thread that owns the heap (or holds its lock) calls anything here, but for cn_pool_of_slot and the remote
 * part.
 */
#ifndef CN_POOL_H
#define CN_POOL_H

#include "region.h"
#include "size_class.h"

struct cairn_heap;

/* Marks an owner word: blocks of this slot were freed by other threads, and wait in `remote` (remote.h). It moves the
 * word out of every heap's range, so that the owner's frees notice. */
#define CN_OWNER_PENDING ((uintptr_t)1 << 63)
/* The owner word of a span's first slot: no heap's, and within no heap's range. */
#define CN_OWNER_SPAN ((uintptr_t)1 << 62)

enum { CN_CLASS_SPAN = CN_CLASS_COUNT };

/* One for each slot; what is not marked `slot` counts in a pool's or span's first slot only. */
struct cn_pool {
    struct cn_pool *next; /* on a list of the heap */
    struct cn_pool *prev;
    _Atomic(struct cairn_heap *) heap; /* NULL: a span of no named heap; relaxed: a walk may read it at any time */
    _Atomic uint64_t slots;            /* likewise */
    uint64_t worth;                    /* slot: bitmap words in which idle blocks may start */
    uint32_t blocks;
    uint32_t held;
    _Atomic uint32_t fresh;       /* relaxed, as heap */
    _Atomic uint16_t class_index; /* slot; CN_CLASS_SPAN: a span; relaxed, as heap */
    _Atomic uint8_t back;         /* slot: slots from here back to the pool's first; relaxed, as heap */
    uint64_t clean;               /* slot: pages that were purged and not handed out since, one bit each */

    /* slot: written by other threads; on a cache line of its own. See remote.h. */
    _Atomic uint64_t remote_words;
    struct cn_pool *remote_next;
    _Atomic uint64_t note; /* of a pool: the debug form's, beside those that it has for each slot (hooks.h) */
    uint64_t moved_slots;  /* of a span: from its first on, those whose pages came together (span.h); 0: none have */
    char remote_padding[32];
};
_Static_assert(sizeof(struct cn_pool) == CN_POOL_ENTRY_BYTES, "two cache lines a slot");

struct cn_pool_list {
    struct cn_pool *first;
};

CN_INLINE size_t cn_pool_slot(const struct cn_pool *pool) { return (size_t)(pool - cn_region.pools); }
CN_INLINE char *cn_pool_address(const struct cn_pool *pool) { return cn_slot_address(cn_pool_slot(pool)); }

CN_INLINE struct cairn_heap *cn_pool_heap(const struct cn_pool *pool) {
    return atomic_load_explicit(&pool->heap, memory_order_relaxed);
}
CN_INLINE size_t cn_pool_slots(const struct cn_pool *pool) {
    return atomic_load_explicit(&pool->slots, memory_order_relaxed);
}

CN_INLINE unsigned cn_pool_class(const struct cn_pool *pool) {
    return atomic_load_explicit(&pool->class_index, memory_order_relaxed);
}

CN_INLINE uint32_t cn_pool_fresh(const struct cn_pool *pool) {
    return atomic_load_explicit(&pool->fresh, memory_order_relaxed);
}

CN_INLINE size_t cn_pool_back(const struct cn_pool *slot_entry) {
    return atomic_load_explicit(&slot_entry->back, memory_order_relaxed);
}

/* The pool that the slot belongs to; the slot must have an owner word, and not be a span's. */
CN_INLINE struct cn_pool *cn_pool_of_slot(size_t slot) {
    struct cn_pool *entry = &cn_region.pools[slot];
    return entry - cn_pool_back(entry);
}

void cn_pool_link(struct cn_pool_list *list, struct cn_pool *pool);
void cn_pool_unlink(struct cn_pool_list *list, struct cn_pool *pool);

/* Makes a pool of the class in slots that the caller has taken; `owner` becomes their owner word. It is on no list. */
struct cn_pool *cn_pool_make(size_t slot, unsigned class_index, struct cairn_heap *heap, uintptr_t owner);

/* Ends a pool that holds no block; its slots stay taken. */
void cn_pool_unmake(struct cn_pool *pool);

/* Takes up to `count` blocks, in order of address, and writes them downwards: the first to end[-1]; so a magazine
 * pops them in that order. Returns how many, and adds what of their memory had been purged to `retaken_bytes`. The
 * magazine must be empty. */
size_t cn_pool_take(struct cn_pool *pool, void **end, size_t count, size_t *retaken_bytes);

/* Notes that `count` blocks of the pool, which start in the slot, in the words `worth` of its bitmap, are idle now. */
CN_INLINE void cn_pool_drop(struct cn_pool *pool, size_t slot, uint64_t worth, uint32_t count) {
    pool->held -= count;
    cn_region.pools[slot].worth |= worth;
}

/* Live blocks, by their bits. */
uint32_t cn_pool_count_live(const struct cn_pool *pool);

/* Gives back the pages that hold no live block, and marks them clean; returns the bytes. What is cached does not keep a
 * page, but becomes live unnoticed: its pages must be unmarked afterwards, by the block's address (P6). */
size_t cn_pool_purge(struct cn_pool *pool);
void cn_pool_unmark_clean(const char *block);

/* After a fork: derives counts and marks anew from the live bits and the first slot's entry; no block is cached
 * then. */
void cn_pool_rebuild(struct cn_pool *pool, uintptr_t owner);

/* Panics where P1, P2, P3, P5 or P6 does not hold. `cached` is what the heap's magazine has of this pool. */
void cn_pool_check(const struct cn_pool *pool, uint32_t cached, uintptr_t owner);

#endif
