/*
 * registry.c: which heaps there are, and in what state (heap.h). States change by compare-and-swap alone: whoever moves
 * a heap out of `abandoned` or `orphaned` has it to itself.
 */
#include "arena.h"
#include "heap.h"

/* The entry that every magazine of cn_heap_none and cn_heap_gone points at. */
static void *empty_magazine[1];

#define EMPTY_MAGAZINE                                                                                                 \
    { empty_magazine, empty_magazine }

struct cairn_heap cn_heap_none = {.magazines = {CN_FOR_EACH_CLASS(EMPTY_MAGAZINE)}};
struct cairn_heap cn_heap_gone = {.magazines = {CN_FOR_EACH_CLASS(EMPTY_MAGAZINE)}};

_Thread_local struct cairn_heap *cn_heap_mine CN_TLS CN_HIDDEN = &cn_heap_none;

_Atomic uint8_t cn_heap_states[CN_HEAP_LIMIT];
static _Atomic uint32_t heap_count;
static _Atomic uint32_t free_count;      /* heaps that no thread has; a hint */
static _Atomic uint32_t abandoned_count; /* those of them that hold pools, perhaps; one too */
static bool magazines_disabled;          /* written before there is a second thread */

size_t cn_heap_count(void) { return atomic_load_explicit(&heap_count, memory_order_acquire); }

static void set_state(const struct cairn_heap *heap, enum cn_heap_state state) {
    atomic_store_explicit(&cn_heap_states[cn_heap_index(heap)], (uint8_t)state, memory_order_release);
}

/* Most tries are in vain, and then no cache line need be taken over. */
static bool move_state(size_t index, enum cn_heap_state from, enum cn_heap_state to) {
    uint8_t expected = (uint8_t)from;
    return atomic_load_explicit(&cn_heap_states[index], memory_order_relaxed) == expected &&
           atomic_compare_exchange_strong_explicit(&cn_heap_states[index], &expected, (uint8_t)to, memory_order_acquire,
                                                   memory_order_relaxed);
}

static void init_magazines(struct cairn_heap *heap) {
    for (unsigned i = 0; i < CN_CLASS_COUNT; i++) {
        const struct cn_class *class = cn_class_at(i);
        void **bottom = cn_heap_bottom(heap, i);
        heap->magazines[i].top = bottom;
        heap->magazines[i].ceiling = magazines_disabled ? bottom : bottom + class->magazine_blocks;
    }
}

/* A new heap, all zero so far but for its state. */
static struct cairn_heap *make_heap(enum cn_heap_state as, uint32_t limit) {
    uint32_t index = atomic_load_explicit(&heap_count, memory_order_relaxed);
    do {
        if (index >= limit || cn_region.heaps == NULL) {
            return NULL;
        }
    } while (!atomic_compare_exchange_weak_explicit(&heap_count, &index, index + 1, memory_order_acq_rel,
                                                    memory_order_relaxed));
    struct cairn_heap *heap = cn_heap_at(index);
    if (!cn_os_commit(heap, CN_HEAP_BYTES)) {
        uint32_t next = index + 1; /* where another thread has taken the next index meanwhile, this one stays unused */
        (void)atomic_compare_exchange_strong(&heap_count, &next, index);
        return NULL;
    }
    init_magazines(heap);
    set_state(heap, as);
    return heap;
}

/* Has the heap to itself, if no thread had it, and its content is in order. */
static bool seize(size_t index) {
    if (move_state(index, CN_HEAP_VACANT, CN_HEAP_OWNED)) {
        return true;
    }
    bool is_orphaned = move_state(index, CN_HEAP_ORPHANED, CN_HEAP_OWNED);
    if (!is_orphaned && !move_state(index, CN_HEAP_ABANDONED, CN_HEAP_OWNED)) {
        return false;
    }
    (void)atomic_fetch_sub_explicit(&abandoned_count, 1, memory_order_relaxed);
    if (is_orphaned) {
        cn_heap_rebuild(cn_heap_at(index));
    }
    return true;
}

static bool seize_vacant(size_t index) { return move_state(index, CN_HEAP_VACANT, CN_HEAP_NAMED); }

static struct cairn_heap *search(bool (*try_seize)(size_t index)) {
    for (size_t i = 0; i < cn_heap_count(); i++) {
        if (try_seize(i)) {
            (void)atomic_fetch_sub_explicit(&free_count, 1, memory_order_relaxed);
            return cn_heap_at(i);
        }
    }
    return NULL;
}

/* One that is free, if more are than `useless`; else a new one. Counts are hints: where there are no new ones, it is looked
 * for in any case. */
static struct cairn_heap *claim(bool (*try_seize)(size_t index), uint32_t useless, enum cn_heap_state as,
                                uint32_t limit) {
    bool is_promising = atomic_load_explicit(&free_count, memory_order_relaxed) > useless;
    struct cairn_heap *heap = is_promising ? search(try_seize) : NULL;
    heap = heap != NULL ? heap : make_heap(as, limit);
    return heap != NULL || is_promising ? heap : search(try_seize);
}

/* One is left for those that get none. */
struct cairn_heap *cn_heap_claim(void) {
    return claim(seize, 0, CN_HEAP_OWNED, CN_HEAP_LIMIT - 1);
}

static struct cairn_heap *claim_vacant(uint32_t limit) {
    uint32_t abandoned = atomic_load_explicit(&abandoned_count, memory_order_relaxed);
    return claim(seize_vacant, abandoned, CN_HEAP_NAMED, limit);
}

struct cairn_heap *cn_heap_claim_named(void) {
    return claim_vacant(CN_HEAP_LIMIT - 1);
}

struct cairn_heap *cn_heap_claim_common(void) {
    return claim_vacant(CN_HEAP_LIMIT);
}

static void let_go(struct cairn_heap *heap, enum cn_heap_state state) {
    set_state(heap, state);
    (void)atomic_fetch_add_explicit(&free_count, 1, memory_order_relaxed);
}

/* A few wait with what they have at hand, for the threads that come next; all others give it back. So do those with a large
 * breath, who may have much. */
void cn_heap_abandon(struct cairn_heap *heap) {
    enum { READY_MAX = 8 };
    bool is_large = heap->breath_bytes > cn_heap_search.bytes;
    if (is_large || atomic_load_explicit(&abandoned_count, memory_order_relaxed) >= READY_MAX) {
        (void)cn_heap_trim(heap);
        heap->breath_bytes = 0;
    } else {
        cn_heap_drain(heap);
    }
    (void)atomic_fetch_add_explicit(&abandoned_count, 1, memory_order_relaxed);
    let_go(heap, CN_HEAP_ABANDONED);
}

void cn_heap_vacate(struct cairn_heap *heap) { let_go(heap, CN_HEAP_VACANT); }

bool cn_heap_seize(struct cairn_heap *heap) { return seize(cn_heap_index(heap)); }

/* A heap without pools has no cached blocks either, so that it holds nothing. */
void cn_heap_unseize(struct cairn_heap *heap) {
    bool is_vacant = atomic_load_explicit(&heap->slots_held, memory_order_relaxed) == 0;
    if (!is_vacant) {
        (void)atomic_fetch_add_explicit(&abandoned_count, 1, memory_order_relaxed);
    }
    set_state(heap, is_vacant ? CN_HEAP_VACANT : CN_HEAP_ABANDONED);
}

size_t cn_heap_trim_abandoned(void) {
    size_t bytes = 0;
    for (size_t i = 0; i < cn_heap_count(); i++) {
        if (seize(i)) {
            bytes += cn_heap_trim(cn_heap_at(i));
            cn_heap_unseize(cn_heap_at(i));
        }
    }
    return bytes;
}

static bool has_been_left(enum cn_heap_state state) { return state == CN_HEAP_ABANDONED || state == CN_HEAP_ORPHANED; }

static void drain_if_left(size_t index) {
    struct cairn_heap *heap = cn_heap_at(index);
    if (has_been_left(cn_heap_state(heap)) && atomic_load_explicit(&heap->remote.first, memory_order_relaxed) != NULL &&
        seize(index)) {
        cn_heap_take_in(heap);
        cn_heap_unseize(heap);
    }
}

/* A few heaps each time, in turn: the caller is in the middle of something else. */
void cn_heap_drain_abandoned(void) {
    enum { HEAPS_A_CALL = 4 };
    static _Atomic size_t turn;
    size_t count = cn_heap_count();
    if (atomic_load_explicit(&free_count, memory_order_relaxed) == 0) {
        return;
    }
    size_t from = atomic_fetch_add_explicit(&turn, HEAPS_A_CALL, memory_order_relaxed);
    for (size_t i = 0; i < cn_min(HEAPS_A_CALL, count); i++) {
        drain_if_left((from + i) % count);
    }
}

void cn_heap_disable_magazines(struct cairn_heap *mine) {
    magazines_disabled = true;
    if (mine != NULL) {
        (void)cn_heap_trim(mine);
        init_magazines(mine);
    }
}

/* ---- after a fork -------------------------------------------------------------------------------------------- */

/* A span without a live bit, which another thread was making or freeing: its slots are given back. */
static void finish_span(size_t slot) {
    if (!cn_live_test(slot * CN_SLOT_GRANULES)) {
        atomic_store_explicit(&cn_region.owner[slot], 0, memory_order_relaxed);
        cn_arena_give(slot, cn_pool_slots(&cn_region.pools[slot]));
    }
}

static void repair_slots(void) {
    size_t slots = atomic_load_explicit(&cn_region.arena_count, memory_order_acquire) * CN_ARENA_SLOTS;
    for (size_t slot = 0; slot < slots; slot++) {
        uintptr_t owner = atomic_load_explicit(&cn_region.owner[slot], memory_order_relaxed);
        if (owner == CN_OWNER_SPAN) {
            finish_span(slot);
        } else if (owner != 0) {
            cn_remote_repair(&cn_heap_of_owner(owner)->remote, slot);
        }
    }
}

static void repair_heap(struct cairn_heap *heap, const struct cairn_heap *mine) {
    enum cn_heap_state state = cn_heap_state(heap);
    bool was_locked = state != CN_HEAP_UNUSED && cn_lock_renew(&heap->lock); /* one that is vacant by now, too */
    if (state == CN_HEAP_OWNED && heap != mine) {
        set_state(heap, CN_HEAP_ORPHANED);
    } else if (state == CN_HEAP_NAMED && was_locked) {
        cn_heap_rebuild(heap);
    }
}

void cn_heap_after_fork(const struct cairn_heap *mine) {
    uint32_t left = 0;
    uint32_t vacant = 0;
    for (size_t i = 0; i < cn_heap_count(); i++) {
        if (cn_heap_state(cn_heap_at(i)) != CN_HEAP_UNUSED) {
            atomic_store_explicit(&cn_heap_at(i)->remote.first, NULL, memory_order_relaxed);
        }
    }
    repair_slots();
    for (size_t i = 0; i < cn_heap_count(); i++) {
        repair_heap(cn_heap_at(i), mine);
        left += has_been_left(cn_heap_state(cn_heap_at(i))) ? 1 : 0;
        vacant += cn_heap_state(cn_heap_at(i)) == CN_HEAP_VACANT ? 1 : 0;
    }
    atomic_store_explicit(&abandoned_count, left, memory_order_relaxed);
    atomic_store_explicit(&free_count, left + vacant, memory_order_relaxed);
}
