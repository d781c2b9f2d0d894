#include "pool.h"

#include "bitmap.h"
#include "counts.h"
#include "hooks.h"
#include "panic.h"

void cn_pool_link(struct cn_pool_list *list, struct cn_pool *pool) {
    pool->prev = NULL;
    pool->next = list->first;
    if (list->first != NULL) {
        list->first->prev = pool;
    }
    list->first = pool;
}

void cn_pool_unlink(struct cn_pool_list *list, struct cn_pool *pool) {
    if (pool->prev != NULL) {
        pool->prev->next = pool->next;
    } else {
        list->first = pool->next;
    }
    if (pool->next != NULL) {
        pool->next->prev = pool->prev;
    }
}

/* Does not touch a word that is right: it may be marked as pending by another thread meanwhile. */
static void set_owner(size_t slot, uintptr_t owner) {
    uintptr_t word = atomic_load_explicit(&cn_region.owner[slot], memory_order_relaxed);
    if ((word & ~CN_OWNER_PENDING) != owner) {
        atomic_store_explicit(&cn_region.owner[slot], owner, memory_order_release);
    }
}

/* The slots' entries and owner words, the first slot's first: a fork between two of them leaves a pool that the
 * child can rebuild, for unmake goes the other way. */
static void mark_slots(struct cn_pool *pool, uint64_t worth, uintptr_t owner) {
    for (size_t i = 0; i < cn_pool_slots(pool); i++) {
        pool[i].worth = worth;
        pool[i].clean = 0;
        atomic_store_explicit(&pool[i].back, (uint8_t)i, memory_order_relaxed);
        atomic_store_explicit(&pool[i].class_index, (uint16_t)cn_pool_class(pool), memory_order_relaxed);
        set_owner(cn_pool_slot(pool) + i, owner);
    }
}

struct cn_pool *cn_pool_make(size_t slot, unsigned class_index, struct cairn_heap *heap, uintptr_t owner) {
    const struct cn_class *class = cn_class_at(class_index);
    struct cn_pool *pool = &cn_region.pools[slot];
    atomic_store_explicit(&pool->heap, heap, memory_order_relaxed);
    atomic_store_explicit(&pool->slots, class->pool_slots, memory_order_relaxed);
    pool->blocks = class->pool_blocks;
    pool->held = 0;
    atomic_store_explicit(&pool->fresh, 0, memory_order_relaxed);
    atomic_store_explicit(&pool->class_index, (uint16_t)class_index, memory_order_relaxed);
    mark_slots(pool, 0, owner);
    return pool;
}

void cn_pool_unmake(struct cn_pool *pool) {
    size_t first = cn_pool_slot(pool);
    for (size_t i = cn_pool_slots(pool); i > 0; i--) {
        atomic_store_explicit(&cn_region.owner[first + i - 1], 0, memory_order_release);
    }
}

/* ---- taking -------------------------------------------------------------------------------------------------- */

static uint64_t live_word(size_t word) { return atomic_load_explicit(&cn_region.live[word], memory_order_relaxed); }

/* Where blocks below `fresh` start in the pool's word `word`, counted from the pool's first. */
static uint64_t starts_in_word(const struct cn_pool *pool, size_t word) {
    const struct cn_class *class = cn_class_at(cn_pool_class(pool));
    uint32_t granule = (uint32_t)word * CN_WORD_GRANULES;
    uint32_t over = granule % class->block_granules;
    uint32_t phase = over == 0 ? 0 : class->block_granules - over;
    uint32_t fresh_granule = cn_pool_fresh(pool) * class->block_granules;
    if (phase >= CN_WORD_GRANULES || fresh_granule <= granule) {
        return 0;
    }
    return class->starts << phase & cn_low_bits(fresh_granule - granule);
}

/* Bytes [from, to) of the pool are handed out: their pages are no longer known to be clean. Returns the bytes of those that
 * were. */
static size_t unmark_clean(struct cn_pool *pool, size_t from, size_t to) {
    size_t page_bytes = cn_os_page_bytes();
    size_t pages = 0;
    for (size_t slot = from / CN_SLOT_BYTES; slot < cn_pool_slots(pool) && slot * CN_SLOT_BYTES < to; slot++) {
        if (pool[slot].clean != 0) {
            size_t start = slot * CN_SLOT_BYTES;
            size_t first = (cn_max(from, start) - start) / page_bytes;
            size_t last = (cn_min(to, start + CN_SLOT_BYTES) - start - 1) / page_bytes;
            uint64_t run = cn_bits_run((unsigned)first, (unsigned)(last - first + 1));
            pages += cn_popcount(pool[slot].clean & run);
            pool[slot].clean &= ~run;
        }
    }
    return pages * page_bytes;
}

/* Takes idle blocks of one slot, as cn_pool_take. */
static size_t take_idle(struct cn_pool *pool, size_t slot_in_pool, void **end, size_t count, size_t *retaken_bytes) {
    size_t block_bytes = cn_class_at(cn_pool_class(pool))->block_bytes;
    uint64_t *worth = &pool[slot_in_pool].worth;
    void **at = end;
    while (*worth != 0 && at > end - count) {
        size_t word = slot_in_pool * CN_SLOT_WORDS + cn_ctz(*worth);
        uint64_t idle = starts_in_word(pool, word) & ~live_word(cn_pool_slot(pool) * CN_SLOT_WORDS + word);
        size_t byte = word * CN_WORD_GRANULES * CN_GRANULE_BYTES;
        char *first = cn_pool_address(pool) + byte;
        *retaken_bytes += unmark_clean(pool, byte, byte + CN_WORD_GRANULES * CN_GRANULE_BYTES + block_bytes);
        for (; idle != 0 && at > end - count; idle &= idle - 1) {
            *--at = first + (size_t)cn_ctz(idle) * CN_GRANULE_BYTES;
        }
        if (idle != 0) {
            break; /* the rest of this word is for the next time */
        }
        *worth &= *worth - 1;
    }
    return (size_t)(end - at);
}

/* Tells the debug form of the `count` fresh blocks from `first` on, which are about to be handed out. */
static void hook_fresh(const struct cn_pool *pool, size_t first, size_t count) {
    struct cn_fresh fresh = {.pool = cn_pool_address(pool),
                             .pool_bytes = cn_pool_slots(pool) * CN_SLOT_BYTES,
                             .block_bytes = cn_class_at(cn_pool_class(pool))->block_bytes,
                             .first = first,
                             .count = count,
                             .notes = cn_slot_notes(cn_pool_slot(pool))};
    cn_hook_fresh(&fresh);
}

static size_t take_fresh(struct cn_pool *pool, void **end, size_t count, size_t *retaken_bytes) {
    size_t block_bytes = cn_class_at(cn_pool_class(pool))->block_bytes;
    uint32_t fresh = cn_pool_fresh(pool);
    size_t taken = cn_min(count, pool->blocks - fresh);
    char *block = cn_pool_address(pool) + fresh * block_bytes;
    for (void **at = end; at > end - taken; block += block_bytes) {
        *--at = block;
    }
    *retaken_bytes += unmark_clean(pool, fresh * block_bytes, (fresh + taken) * block_bytes);
    hook_fresh(pool, fresh, taken);
    atomic_store_explicit(&pool->fresh, fresh + (uint32_t)taken, memory_order_relaxed);
    return taken;
}

size_t cn_pool_take(struct cn_pool *pool, void **end, size_t count, size_t *retaken_bytes) {
    size_t taken = 0;
    for (size_t slot = 0; slot < cn_pool_slots(pool) && taken < count; slot++) {
        taken += take_idle(pool, slot, end - taken, count - taken, retaken_bytes);
    }
    taken += take_fresh(pool, end - taken, count - taken, retaken_bytes);
    pool->held += (uint32_t)taken;
    return taken;
}

/* ---- live bits ----------------------------------------------------------------------------------------------- */

uint32_t cn_pool_count_live(const struct cn_pool *pool) {
    size_t first = cn_pool_slot(pool) * CN_SLOT_WORDS;
    uint32_t live = 0;
    for (size_t word = first; word < first + cn_pool_slots(pool) * CN_SLOT_WORDS; word++) {
        live += cn_popcount(live_word(word));
    }
    return live;
}

/* ---- purging ------------------------------------------------------------------------------------------------- */

/* True where a live block starts before `byte` of the pool and reaches beyond it. */
static bool is_reached_from_before(const struct cn_pool *pool, size_t byte) {
    size_t block_bytes = cn_class_at(cn_pool_class(pool))->block_bytes;
    size_t start = byte / block_bytes * block_bytes;
    if (start == byte || start / block_bytes >= pool->blocks) {
        return false;
    }
    size_t granule = cn_granule_of(cn_pool_address(pool) + start);
    return (live_word(granule >> CN_WORD_SHIFT) >> granule % CN_WORD_GRANULES & 1) != 0;
}

static bool is_page_empty(const struct cn_pool *pool, size_t byte, size_t page_bytes) {
    size_t word_bytes = CN_WORD_GRANULES * CN_GRANULE_BYTES;
    size_t first = cn_pool_slot(pool) * CN_SLOT_WORDS + byte / word_bytes;
    for (size_t word = first; word < first + page_bytes / word_bytes; word++) {
        if (live_word(word) != 0) {
            return false;
        }
    }
    return !is_reached_from_before(pool, byte);
}

/* Those of the slot's pages `among` that hold no live block. */
static uint64_t empty_pages(const struct cn_pool *pool, size_t slot_in_pool, uint64_t among, size_t page_bytes) {
    uint64_t empty = 0;
    for (uint64_t left = among & cn_low_bits((unsigned)(CN_SLOT_BYTES / page_bytes)); left != 0; left &= left - 1) {
        if (is_page_empty(pool, slot_in_pool * CN_SLOT_BYTES + cn_ctz(left) * page_bytes, page_bytes)) {
            empty |= left & -left;
        }
    }
    return empty;
}

size_t cn_pool_purge(struct cn_pool *pool) {
    if (!cn_hook_purges_pools()) {
        return 0;
    }
    size_t page_bytes = cn_os_page_bytes();
    size_t purged = 0;
    for (size_t i = 0; i < cn_pool_slots(pool); i++) {
        for (uint64_t left = empty_pages(pool, i, ~pool[i].clean, page_bytes); left != 0;) {
            unsigned first = cn_ctz(left);
            unsigned run = cn_bits_first_run(left);
            char *page = cn_pool_address(pool) + i * CN_SLOT_BYTES + first * page_bytes;
            if (cn_os_purge(page, run * page_bytes)) {
                purged += run * page_bytes;
                pool[i].clean |= cn_bits_run(first, run);
            }
            left &= ~cn_bits_run(first, run);
        }
    }
    (void)cn_count_add(&cn_counts.purged_bytes, purged);
    return purged;
}

void cn_pool_unmark_clean(const char *block) {
    struct cn_pool *pool = cn_pool_of_slot(cn_slot_of_granule(cn_granule_of(block)));
    size_t from = (size_t)(block - cn_pool_address(pool));
    (void)unmark_clean(pool, from, from + cn_class_at(cn_pool_class(pool))->block_bytes);
}

/* ---- after a fork, and checking ------------------------------------------------------------------------------ */

/* The machine may have let the child see a live bit and not yet that the block was taken. */
static uint32_t blocks_up_to_last_live(const struct cn_pool *pool) {
    size_t first = cn_pool_slot(pool) * CN_SLOT_WORDS;
    for (size_t word = cn_pool_slots(pool) * CN_SLOT_WORDS; word > 0; word--) {
        uint64_t live = live_word(first + word - 1);
        if (live != 0) {
            size_t granule = (word - 1) * CN_WORD_GRANULES + (CN_WORD_GRANULES - 1 - cn_clz(live));
            return (uint32_t)granule / cn_class_at(cn_pool_class(pool))->block_granules + 1;
        }
    }
    return 0;
}

void cn_pool_rebuild(struct cn_pool *pool, uintptr_t owner) {
    pool->held = cn_pool_count_live(pool);
    uint32_t fresh = (uint32_t)cn_max(cn_pool_fresh(pool), blocks_up_to_last_live(pool));
    atomic_store_explicit(&pool->fresh, fresh, memory_order_relaxed);
    mark_slots(pool, cn_low_bits(CN_SLOT_WORDS), owner);
}

static void check_word(const struct cn_pool *pool, size_t word, uint32_t *idle_outside_worth) {
    size_t slot = cn_pool_slot(pool);
    uint64_t live = live_word(slot * CN_SLOT_WORDS + word);
    uint64_t starts = starts_in_word(pool, word);
    CN_ASSERT((live & ~starts) == 0, "P2: live bits stand only at starts of blocks below fresh");
    if ((cn_region.pools[slot + word / CN_SLOT_WORDS].worth >> word % CN_SLOT_WORDS & 1) == 0) {
        *idle_outside_worth += cn_popcount(starts & ~live);
    }
}

static void check_slot(const struct cn_pool *pool, size_t index, uintptr_t owner) {
    uintptr_t word = atomic_load_explicit(&cn_region.owner[cn_pool_slot(pool) + index], memory_order_relaxed);
    size_t page_bytes = cn_os_page_bytes();
    CN_ASSERT((word & ~CN_OWNER_PENDING) == owner && cn_pool_back(&pool[index]) == index,
              "P5: the owner word of each slot is the magazine of its heap and class");
    CN_ASSERT(pool[index].clean == empty_pages(pool, index, pool[index].clean, page_bytes),
              "P6: a page marked clean holds no live block");
}

void cn_pool_check(const struct cn_pool *pool, uint32_t cached, uintptr_t owner) {
    uint32_t idle_outside_worth = 0;
    CN_ASSERT(pool->held <= pool->blocks && cn_pool_fresh(pool) <= pool->blocks, "P1: held <= blocks, fresh <= blocks");
    CN_ASSERT(pool->held == cn_pool_count_live(pool) + cached, "P1: held = live blocks + cached blocks");
    for (size_t word = 0; word < cn_pool_slots(pool) * CN_SLOT_WORDS; word++) {
        check_word(pool, word, &idle_outside_worth);
    }
    CN_ASSERT(idle_outside_worth <= cached, "P3: a word in which an idle block starts has its bit in worth");
    for (size_t i = 0; i < cn_pool_slots(pool); i++) {
        check_slot(pool, i, owner);
    }
}
