/*
 * heap.h: the pools that one thread, or one named heap, allocates from.
 *
 * Every heap has, for each size class, a magazine, a list of pools with blocks to take, and a list of full ones. A
 * thread's heap is used by its thread alone, without a lock; a named heap by whoever holds its lock. Heaps are never
 * unmapped: when a thread ends its heap is kept whole, and the next thread takes it over whole, so that the owner of a
 * block does not change under another thread's free.
 *
 *   unused, vacant --claim--> owned (by a thread) --abandon--> abandoned --claim--> owned
 *   unused, vacant --claim--> named --destroy--> vacant
 *   owned --(its thread is not there after a fork)--> orphaned --claim, rebuild--> owned
 *
 * H1  A pool's heap is the heap whose list it is on; it is on `partial` exactly where held < blocks, else on `full`.
 * H2  idle_bytes is the sum over pools of (blocks - held) * block_bytes.
 * H3  slots_held is the sum of the slots of the heap's pools and, for a named heap, of its spans.
 * H4  All spans of a named heap are on its list; spans of threads are on none.
 * H5  empty_slots is the sum of the slots of pools with held = 0.
 * H6  purged_at_idle_bytes <= idle_bytes.
 * H7  purge_next is NULL, or on `partial` of the class before purge_left.
 *
 * Lock order: a named heap's lock, then the region's.
 */
#ifndef CN_HEAP_H
#define CN_HEAP_H

#include "layout.h"
#include "magazine.h"
#include "pool.h"
#include "remote.h"

enum { CN_HEAP_NAME_BYTES = 32 };

enum cn_heap_state {
    CN_HEAP_UNUSED,
    CN_HEAP_OWNED,
    CN_HEAP_NAMED,
    CN_HEAP_VACANT, /* holds nothing */
    CN_HEAP_ABANDONED,
    CN_HEAP_ORPHANED
};

struct cn_bin {
    struct cn_pool_list partial;
    struct cn_pool_list full;
};

/* Fields belong to the owner where nothing else is said. */
struct cairn_heap {
    struct cn_magazine magazines[CN_CLASS_COUNT];
    struct cn_bin bins[CN_CLASS_COUNT];
    struct cn_pool_list spans; /* of a named heap */
    size_t idle_bytes;
    size_t empty_slots;
    size_t purged_at_idle_bytes;  /* idle_bytes when the last pass began, or since then if less */
    size_t breath_bytes;          /* of pages within pools: lately taken again after they had been purged */
    uint64_t breath_halved_at;    /* milliseconds */
    struct cn_pool *purge_next;   /* the pass over all pools for empty pages: which is looked at next, in its class */
    unsigned purge_left;          /* and how many classes it has not done with, the last ones first; 0: there is none */
    _Atomic size_t slots_held;    /* read by stats */
    _Atomic size_t guarded_bytes; /* of a named heap: of its blocks on guarded pages; under its lock, read by stats */
    _Atomic size_t peak_held_bytes;

    /* Named heaps. */
    struct cn_lock lock;
    size_t budget_bytes; /* 0: none */
    void (*on_budget)(struct cairn_heap *heap, size_t size, void *argument);
    void *on_budget_argument;
    char name[CN_HEAP_NAME_BYTES];

    _Alignas(64) struct cn_remote_list remote; /* written by all threads: on a cache line of its own */
    char padding[56];

    void *entries[]; /* of the magazines: CN_MAGAZINE_ENTRIES */
};
_Static_assert(offsetof(struct cairn_heap, magazines) == 0 && offsetof(struct cn_magazine, top) == 0 &&
                   sizeof(struct cn_magazine) == CN_MAGAZINE_WORDS * sizeof(void *),
               "the table `small` says at which word of a heap a magazine's top is");
_Static_assert(sizeof(struct cairn_heap) + CN_MAGAZINE_ENTRIES * sizeof(void *) <= CN_HEAP_BYTES,
               "a heap fits its place");

/* The calling thread's heap; cn_heap_none before its first allocation, cn_heap_gone when its end has come: the
 * magazines of these two are empty. An allocation can come before the dynamic linker has copied initial values; then
 * it is NULL, and the hot path is not open yet (size_class.h). One pointer wide and initial-exec, so that the
 * library can be loaded at any time. */
extern _Thread_local struct cairn_heap *cn_heap_mine CN_TLS CN_HIDDEN;
extern struct cairn_heap cn_heap_none CN_HIDDEN;
extern struct cairn_heap cn_heap_gone CN_HIDDEN;

/* The same; NULL where the thread has none. */
CN_INLINE struct cairn_heap *cn_heap_of_thread(void) {
    struct cairn_heap *heap = cn_heap_mine;
    return heap != &cn_heap_none && heap != &cn_heap_gone ? heap : NULL;
}

CN_INLINE size_t cn_heap_index(const struct cairn_heap *heap) {
    return (size_t)((const char *)heap - cn_region.heaps) >> CN_HEAP_SHIFT;
}
CN_INLINE struct cairn_heap *cn_heap_at(size_t index) {
    return (struct cairn_heap *)(cn_region.heaps + (index << CN_HEAP_SHIFT));
}

/* The heap of a pool's owner word. */
CN_INLINE struct cairn_heap *cn_heap_of_owner(uintptr_t owner) {
    return (struct cairn_heap *)(owner & ~CN_OWNER_PENDING & ~(uintptr_t)(CN_HEAP_BYTES - 1)); // NOLINT: made by us
}
CN_INLINE unsigned cn_class_of_owner(uintptr_t owner) {
    return (unsigned)((owner & (CN_HEAP_BYTES - 1)) / sizeof(struct cn_magazine));
}
CN_INLINE uintptr_t cn_owner_of(const struct cairn_heap *heap, unsigned class_index) {
    return (uintptr_t)&heap->magazines[class_index];
}
/* The sentinel of the class's magazine. */
CN_INLINE void **cn_heap_bottom(struct cairn_heap *heap, unsigned class_index) {
    return heap->entries + cn_class_at(class_index)->magazine_offset;
}
/* True where the owner word is of this heap, and not pending. */
CN_INLINE bool cn_heap_owns(const struct cairn_heap *heap, uintptr_t owner) {
    return owner - (uintptr_t)heap < sizeof heap->magazines;
}

/* ---- the registry -------------------------------------------------------------------------------------------- */

/* Heaps ever claimed; their indexes are below. */
size_t cn_heap_count(void);

/* Of what a heap may keep idle, where there are many: from 16 heaps on each keeps less, from 256 on a 32nd. */
CN_INLINE size_t cn_heap_share(size_t amount) {
    enum { FEW = 8, MANY = 256 };
    return amount / cn_max(cn_min(cn_heap_count(), MANY) / FEW, 1);
}

/* enum cn_heap_state of each; in registry.c, which alone changes it. Acquire on claim pairs with release on abandon. */
extern _Atomic uint8_t cn_heap_states[CN_HEAP_LIMIT] CN_HIDDEN;

CN_INLINE enum cn_heap_state cn_heap_state(const struct cairn_heap *heap) {
    return (enum cn_heap_state)atomic_load_explicit(&cn_heap_states[cn_heap_index(heap)], memory_order_acquire);
}

/* A heap for a thread, state owned: one without a thread, else a new one. NULL at the limit, or without memory. */
struct cairn_heap *cn_heap_claim(void);

/* A heap that holds nothing, state named. NULL as above. */
struct cairn_heap *cn_heap_claim_named(void);

/* The same for threads that get none of their own: the limit leaves room for this one. */
struct cairn_heap *cn_heap_claim_common(void);

/* Lets a thread's heap go for the next thread, after it has taken in what others freed; where many wait already, it gives
 * back all that it can. */
void cn_heap_abandon(struct cairn_heap *heap);

/* Lets a named heap go that holds nothing any more; its lock is held. */
void cn_heap_vacate(struct cairn_heap *heap);

/* Has a heap that no thread has to itself for a while; false where it is in use. `unseize` lets it go again. */
bool cn_heap_seize(struct cairn_heap *heap);
void cn_heap_unseize(struct cairn_heap *heap);

/* From now on all requests take the slow path, where they are counted: `mine`, the only heap so far, and all later ones
 * have magazines that hold nothing. */
void cn_heap_disable_magazines(struct cairn_heap *mine);

/* In the child of a fork, whose only thread has `mine`. */
void cn_heap_after_fork(const struct cairn_heap *mine);

/* ---- blocks, by the owner ------------------------------------------------------------------------------------ */

/* A block of the class, live; refills the magazine where it is empty. NULL where there is no memory or no budget. */
void *cn_heap_take(struct cairn_heap *heap, unsigned class_index);

/* The live block at `granule`, which must be of this heap, becomes free. */
void cn_heap_give(struct cairn_heap *heap, size_t granule);

/* Takes in what other threads have freed, and does the share of a pass that is due for it. */
void cn_heap_take_in(struct cairn_heap *heap);

/* Slots, and blocks on guarded pages. */
size_t cn_heap_held_bytes(const struct cairn_heap *heap);

/* Room in the budget for `slots` more, in a span. */
bool cn_heap_allows_span(const struct cairn_heap *heap, size_t slots);
/* Room for one more pool. */
bool cn_heap_allows_pool(const struct cairn_heap *heap);
void cn_heap_count_slots(struct cairn_heap *heap, size_t taken, size_t given);

/* Counts a block of `bytes` on guarded pages against the named heap, which the caller has not locked; false where
 * the budget has no room for it. What another thread was about to make stays counted in the child of a fork. */
bool cn_heap_take_guarded(struct cairn_heap *heap, size_t bytes);
void cn_heap_give_guarded(struct cairn_heap *heap, size_t bytes);

/* Takes in what other threads have freed. */
void cn_heap_drain(struct cairn_heap *heap);

/* When pools are searched for empty pages: how many bytes become idle, at least, from one pass to the next; and how many
 * times as fast a pass goes as it must to be done by then. Fuzzers, whose inputs are small, lower both. */
struct cn_heap_search {
    size_t bytes;
    size_t pace;
};
extern struct cn_heap_search cn_heap_search CN_HIDDEN;

/* Empties all magazines, gives back empty pools and, from the others, pages without a live block. Returns the bytes
 * that went back from within pools. */
size_t cn_heap_trim(struct cairn_heap *heap);

/* Trims the heaps that no thread has. Returns as cn_heap_trim. */
size_t cn_heap_trim_abandoned(void);

/* Takes in what other threads have freed to some of the heaps that no thread has. */
void cn_heap_drain_abandoned(void);

/* All pools of the heap go; none of their blocks may be used any more. */
void cn_heap_clear_pools(struct cairn_heap *heap);

/* Its lists, magazines and counts are as before its first pool; what it holds of slots is as it was. */
void cn_heap_forget_pools(struct cairn_heap *heap);

/* Derives lists and counts anew from owner words and live bits. */
void cn_heap_rebuild(struct cairn_heap *heap);

/* Panics where an invariant of the heap, its magazines or its pools does not hold. */
void cn_heap_check(struct cairn_heap *heap);

#endif
