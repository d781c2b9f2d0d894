#include "remote.h"

static _Atomic uint64_t *remote_word(size_t granule) { return &cn_region.remote[granule >> CN_WORD_SHIFT]; }

static uint64_t bit_of(size_t granule) { return (uint64_t)1 << granule % CN_WORD_GRANULES; }

static void push(struct cn_remote_list *list, struct cn_pool *slot_entry) {
    struct cn_pool *first = atomic_load_explicit(&list->first, memory_order_relaxed);
    do {
        slot_entry->remote_next = first;
    } while (!atomic_compare_exchange_weak_explicit(&list->first, &first, slot_entry, memory_order_release,
                                                    memory_order_relaxed)); /* (d) */
}

/* As atomic_fetch_or. The word is read first, so that it is one locked instruction also where other bits are set, as
 * they mostly are. Ends without a store where `bits` are set already. */
static uint64_t fetch_or(_Atomic uint64_t *word, uint64_t bits) {
    uint64_t before = atomic_load_explicit(word, memory_order_relaxed);
    while ((before & bits) != bits && !atomic_compare_exchange_weak(word, &before, before | bits)) {
    }
    return before;
}

bool cn_remote_post(struct cn_remote_list *list, size_t granule) {
    uint64_t before = fetch_or(remote_word(granule), bit_of(granule)); /* (a) */
    if ((before & bit_of(granule)) != 0) {
        return false;
    }
    if (before == 0) {
        size_t slot = cn_slot_of_granule(granule);
        struct cn_pool *slot_entry = &cn_region.pools[slot];
        uint64_t word_bit = (uint64_t)1 << (granule >> CN_WORD_SHIFT) % CN_SLOT_WORDS;
        if (fetch_or(&slot_entry->remote_words, word_bit) == 0) {                                           /* (b) */
            (void)atomic_fetch_or_explicit(&cn_region.owner[slot], CN_OWNER_PENDING, memory_order_relaxed); /* (c) */
            push(list, slot_entry);
        }
    }
    return true;
}

bool cn_remote_test(size_t granule) {
    return (atomic_load_explicit(remote_word(granule), memory_order_relaxed) & bit_of(granule)) != 0;
}

static void drain_slot(struct cn_pool *slot_entry, cn_remote_freed_fn *freed, struct cairn_heap *heap) {
    size_t slot = cn_pool_slot(slot_entry);
    (void)atomic_fetch_and_explicit(&cn_region.owner[slot], ~CN_OWNER_PENDING, memory_order_relaxed); /* (g) */
    uint64_t words = atomic_exchange(&slot_entry->remote_words, 0);                                   /* (h) */
    for (; words != 0; words &= words - 1) {
        size_t word = slot * CN_SLOT_WORDS + cn_ctz(words);
        uint64_t bits = atomic_exchange(&cn_region.remote[word], 0); /* (i) */
        if (bits != 0) {
            freed(heap, word, bits);
        }
    }
}

void cn_remote_drain(struct cn_remote_list *list, cn_remote_freed_fn *freed, struct cairn_heap *heap) {
    struct cn_pool *next;
    struct cn_pool *entry = atomic_exchange_explicit(&list->first, NULL, memory_order_acquire); /* (e) */
    for (; entry != NULL; entry = next) {
        next = entry->remote_next; /* (f) */
        drain_slot(entry, freed, heap);
    }
}

static uint64_t pending_words(size_t slot) {
    uint64_t words = 0;
    for (size_t i = 0; i < CN_SLOT_WORDS; i++) {
        uint64_t bits = atomic_load_explicit(&cn_region.remote[slot * CN_SLOT_WORDS + i], memory_order_relaxed);
        words |= (uint64_t)(bits != 0) << i;
    }
    return words;
}

void cn_remote_repair(struct cn_remote_list *list, size_t slot) {
    struct cn_pool *slot_entry = &cn_region.pools[slot];
    uintptr_t owner = atomic_load_explicit(&cn_region.owner[slot], memory_order_relaxed) & ~CN_OWNER_PENDING;
    uint64_t words = pending_words(slot);
    uintptr_t marked = words != 0 ? owner | CN_OWNER_PENDING : owner;
    /* What is so already is not written: the page would be the child's own from then on. */
    if (atomic_load_explicit(&slot_entry->remote_words, memory_order_relaxed) != words) {
        atomic_store_explicit(&slot_entry->remote_words, words, memory_order_relaxed);
    }
    if (atomic_load_explicit(&cn_region.owner[slot], memory_order_relaxed) != marked) {
        atomic_store_explicit(&cn_region.owner[slot], marked, memory_order_relaxed);
    }
    if (words != 0) {
        push(list, slot_entry);
    }
}
