#include "record.h"

#include "alloc/direct.h"
#include "alloc/guard.h"
#include "alloc/heap.h"
#include "alloc/route.h"
#include "alloc/span.h"

/* ---- within the region --------------------------------------------------------------------------------------- */

/* The block of the pool around its byte `byte`. */
CN_INLINE struct cn_known in_pool(const struct cn_pool *pool, size_t byte) {
    struct cn_known known = {.kind = CN_BLOCK_NONE};
    unsigned class_index = cn_pool_class(pool);
    if (CN_UNLIKELY(class_index >= CN_CLASS_COUNT)) { /* it has become a span just now */
        return known;
    }
    const struct cn_class *class = cn_class_at(class_index);
    uint32_t index = cn_class_block_at(class, byte);
    if (index < cn_pool_fresh(pool)) {
        known.kind = CN_BLOCK_POOL;
        known.core = cn_pool_address(pool) + (size_t)index * class->block_bytes;
        known.core_bytes = class->block_bytes;
        known.heap = cn_pool_heap(pool);
        known.record = cn_record_first(cn_pool_slot(pool)) + index;
    }
    return known;
}

static struct cn_known in_span(size_t first) {
    const struct cn_pool *span = &cn_region.pools[first];
    return (struct cn_known){.kind = CN_BLOCK_SPAN,
                             .core = cn_slot_address(first),
                             .core_bytes = cn_span_bytes(span),
                             .heap = cn_pool_heap(span),
                             .record = cn_record_first(first)};
}

static struct cn_known of_direct(const void *address);

/* In a slot that is no pool's now, whatever it was last. Where a span was lost, the system may have given the
 * addresses to somebody else: a direct block too. What is read here may be changing in another thread: who asks
 * looks at the record's serial number afterwards. */
static CN_NOINLINE struct cn_known in_other_slot(size_t slot, size_t byte) {
    uintptr_t owner = atomic_load_explicit(&cn_region.owner[slot], memory_order_acquire);
    if (owner == CN_OWNER_SPAN) {
        return in_span(slot);
    }
    if (owner == 0) {
        size_t first = cn_span_find(slot);
        if (first != SIZE_MAX) {
            return in_span(first);
        }
        struct cn_known direct = of_direct(cn_slot_address(slot) + byte);
        if (direct.kind != CN_BLOCK_NONE) {
            return direct;
        }
        if (cn_pool_class(&cn_region.pools[slot]) == CN_CLASS_SPAN) { /* was freed */
            return in_span(slot);
        }
    }
    const struct cn_pool *pool = cn_block_last_pool(slot);
    return pool != NULL ? in_pool(pool, (slot - cn_pool_slot(pool)) * CN_SLOT_BYTES + byte)
                        : (struct cn_known){.kind = CN_BLOCK_NONE};
}

CN_INLINE struct cn_known in_region(size_t byte) {
    size_t slot = byte >> CN_SLOT_SHIFT;
    uintptr_t owner = atomic_load_explicit(&cn_region.owner[slot], memory_order_acquire);
    if (CN_UNLIKELY(owner == 0 || owner == CN_OWNER_SPAN)) {
        return in_other_slot(slot, byte % CN_SLOT_BYTES);
    }
    const struct cn_pool *pool = cn_pool_of_slot(slot);
    return in_pool(pool, byte - (cn_pool_slot(pool) << CN_SLOT_SHIFT));
}

/* A power of two, as all heads, that reaches up to where the pages begin or almost so; beyond it where there is no
 * room. */
static size_t guarded_head(const struct cn_guarded *guarded) {
    size_t room = guarded->block > guarded->pages ? (size_t)(guarded->block - guarded->pages) : 0;
    return room < CN_GRANULE_BYTES ? CN_GRANULE_BYTES : cn_power_of_two_above(room / 2 + 1);
}

/* An extent's notes. */
struct guarded_notes {
    struct cn_record record;
    _Atomic(struct cairn_heap *) heap; /* named; relaxed */
};
_Static_assert(sizeof(struct guarded_notes) <= CN_GUARD_NOTES_BYTES, "they have room");

void cn_record_set_guarded_heap(const struct cn_known *known, struct cairn_heap *heap) {
    struct guarded_notes *notes = (struct guarded_notes *)known->record;
    atomic_store_explicit(&notes->heap, heap, memory_order_relaxed);
}

struct cn_known cn_record_of_guarded(const void *address) {
    struct cn_guarded guarded;
    if (!cn_guard_find(address, &guarded)) {
        return (struct cn_known){.kind = CN_BLOCK_NONE};
    }
    struct guarded_notes *notes = guarded.notes;
    const char *end = guarded.size != 0 ? guarded.pages + guarded.page_bytes : guarded.block;
    char *core = guarded.block - guarded_head(&guarded);
    return (struct cn_known){.kind = CN_BLOCK_GUARDED,
                             .core = core,
                             .core_bytes = (size_t)(end - core),
                             .heap = atomic_load_explicit(&notes->heap, memory_order_relaxed),
                             .record = &notes->record};
}

static CN_NOINLINE struct cn_known outside_region(const void *address) {
    return cn_guard_covers(address) ? cn_record_of_guarded(address) : of_direct(address);
}

CN_INLINE struct cn_known find(const void *address) {
    size_t byte = (uintptr_t)address - (uintptr_t)cn_region.base;
    return CN_LIKELY(cn_region_covers(byte >> CN_GRANULE_SHIFT)) ? in_region(byte) : outside_region(address);
}

CN_NOINLINE void cn_record_find_other_core(const char *core, struct cn_known *known) {
    *known = find(core);
    if (known->core != core) {
        known->kind = CN_BLOCK_NONE;
    }
}

struct cn_known cn_record_of_core(const char *core) {
    struct cn_known known;
    cn_record_find_core(core, &known);
    return known;
}

struct cn_known cn_record_around(const void *address) {
    struct cn_known known = find(address);
    if (known.kind != CN_BLOCK_NONE && cn_record_serial_of(cn_record_load(known.record)) == 0) {
        known.kind = CN_BLOCK_NONE;
    }
    return known;
}

/* False where the pool that the block was of is gone, or its slots are another pool's by now. */
static bool is_current(const struct cn_known *known) {
    if (known->kind != CN_BLOCK_POOL) {
        return true;
    }
    size_t slot = cn_slot_of_granule(cn_granule_of(known->core));
    uintptr_t owner = atomic_load_explicit(&cn_region.owner[slot], memory_order_acquire);
    if (owner == 0 || owner == CN_OWNER_SPAN) {
        return false;
    }
    struct cn_known now = in_region((size_t)(known->core - cn_region.base)); /* which asks whether it was handed out */
    return now.kind == CN_BLOCK_POOL && now.record == known->record && now.core_bytes == known->core_bytes;
}

bool cn_record_is_unchanged(const struct cn_known *known, uint64_t word) {
    atomic_thread_fence(memory_order_acquire);
    return cn_record_load(known->record) == word && is_current(known);
}

struct cairn_heap *cn_record_named_heap(const struct cn_known *known) {
    struct cn_block found = {.kind = known->kind, .heap = known->heap};
    return cn_route_named_heap(&found);
}

/* ---- outside of the region ----------------------------------------------------------------------------------- */

/* Records of direct blocks stand in a table with room for twice the mappings that a process can have, each within a
 * window of places from where a hash of its address says. An address inside a block, but for the usual start of the
 * program's bytes, is looked for everywhere. */
enum { DIRECT_LIMIT = 1 << 17, DIRECT_WINDOW = 64, DIRECT_USUAL_HEAD_BYTES = 16 };

struct direct_entry {
    _Atomic uintptr_t core; /* 0: free; 1: being made; release when the rest is written */
    _Atomic size_t core_bytes;
    struct cn_record record;
};

static struct direct_entry direct_entries[DIRECT_LIMIT];
static _Atomic size_t direct_count;

/* The i-th place of the window of `core`. */
static struct direct_entry *direct_place(uintptr_t core, size_t i) {
    size_t home = (size_t)((core >> 12) * UINT64_C(0x9E3779B97F4A7C15) >> 40);
    return &direct_entries[(home + i) % DIRECT_LIMIT];
}

static struct cn_known known_of_entry(struct direct_entry *entry) {
    uintptr_t core = atomic_load_explicit(&entry->core, memory_order_acquire);
    return (struct cn_known){.kind = core > 1 ? CN_BLOCK_DIRECT : CN_BLOCK_NONE,
                             .core = (char *)core, // NOLINT: stored by add
                             .core_bytes = atomic_load_explicit(&entry->core_bytes, memory_order_relaxed),
                             .record = &entry->record};
}

static struct cn_known direct_at(uintptr_t core) {
    for (size_t i = 0; i < DIRECT_WINDOW; i++) {
        struct cn_known known = known_of_entry(direct_place(core, i));
        if (known.kind != CN_BLOCK_NONE && (uintptr_t)known.core == core) {
            return known;
        }
    }
    return (struct cn_known){.kind = CN_BLOCK_NONE};
}

static struct cn_known of_direct(const void *address) {
    struct cn_known known = {.kind = CN_BLOCK_NONE};
    if (atomic_load_explicit(&direct_count, memory_order_relaxed) == 0) {
        return known;
    }
    known = direct_at((uintptr_t)address);
    if (known.kind == CN_BLOCK_NONE) {
        known = direct_at((uintptr_t)address - DIRECT_USUAL_HEAD_BYTES);
    }
    for (size_t i = 0; known.kind == CN_BLOCK_NONE && i < DIRECT_LIMIT; i++) {
        struct cn_known other = known_of_entry(&direct_entries[i]);
        if (other.kind != CN_BLOCK_NONE && (uintptr_t)address - (uintptr_t)other.core < other.core_bytes) {
            known = other;
        }
    }
    return known;
}

bool cn_record_add_direct(void *core, size_t core_bytes) {
    for (size_t i = 0; i < DIRECT_WINDOW; i++) {
        struct direct_entry *entry = direct_place((uintptr_t)core, i);
        uintptr_t empty = 0;
        if (atomic_load_explicit(&entry->core, memory_order_relaxed) == 0 &&
            atomic_compare_exchange_strong(&entry->core, &empty, 1)) {
            atomic_store(&entry->record.word, 0);
            atomic_store(&entry->core_bytes, core_bytes);
            (void)atomic_fetch_add(&direct_count, 1);
            atomic_store_explicit(&entry->core, (uintptr_t)core, memory_order_release);
            return true;
        }
    }
    return false;
}

void cn_record_forget_direct(const void *core) {
    struct cn_known known = direct_at((uintptr_t)core);
    if (known.kind == CN_BLOCK_DIRECT) {
        struct direct_entry *entry =
            (struct direct_entry *)(void *)((char *)known.record - offsetof(struct direct_entry, record));
        (void)atomic_fetch_sub(&direct_count, 1);
        atomic_store_explicit(&entry->core, 0, memory_order_release);
    }
}

void cn_record_walk_direct(void (*visit)(const struct cn_known *known, void *argument), void *argument) {
    size_t left = atomic_load_explicit(&direct_count, memory_order_relaxed);
    for (size_t i = 0; left != 0 && i < DIRECT_LIMIT; i++) {
        struct cn_known known = known_of_entry(&direct_entries[i]);
        if (known.kind != CN_BLOCK_NONE) {
            visit(&known, argument);
        }
    }
}

/* ---- facts --------------------------------------------------------------------------------------------------- */

enum { ALLOC_THREAD_SHIFT = 40, FREE_THREAD_SHIFT = 52 };

static _Atomic uint64_t last_serial;

uint64_t cn_record_next_serial(void) { return cn_os_add(&last_serial, 1) + 1; }

uint64_t cn_record_last_serial(void) { return atomic_load_explicit(&last_serial, memory_order_relaxed); }

static uint64_t thread_bits(unsigned thread) { return cn_min(thread, CN_RECORD_THREAD_MAX); }

void cn_record_set_born(struct cn_record *record, size_t size_bytes, unsigned thread, uint32_t stack) {
    atomic_store_explicit(&record->extent, size_bytes | thread_bits(thread) << ALLOC_THREAD_SHIFT,
                          memory_order_relaxed);
    atomic_store_explicit(&record->alloc_stack, stack, memory_order_relaxed);
    atomic_store_explicit(&record->free_stack, 0, memory_order_relaxed);
}

void cn_record_set_freed(struct cn_record *record, unsigned thread, uint32_t stack) {
    uint64_t extent = atomic_load_explicit(&record->extent, memory_order_relaxed);
    extent &= ((uint64_t)1 << FREE_THREAD_SHIFT) - 1;
    atomic_store_explicit(&record->extent, extent | thread_bits(thread) << FREE_THREAD_SHIFT, memory_order_relaxed);
    atomic_store_explicit(&record->free_stack, stack, memory_order_relaxed);
}

struct cn_facts cn_record_facts(const struct cn_record *record) {
    uint64_t word = cn_record_load(record);
    uint64_t extent = atomic_load_explicit(&record->extent, memory_order_relaxed);
    return (struct cn_facts){
        .state = cn_record_state_of(word),
        .asked = cn_record_asked_of(word),
        .marks = cn_record_marks_of(word),
        .serial = cn_record_serial_of(word),
        .head_bytes = cn_record_head_of(word),
        .size_bytes = extent & CN_RECORD_SIZE_MAX,
        .alloc_stack = atomic_load_explicit(&record->alloc_stack, memory_order_relaxed),
        .free_stack = atomic_load_explicit(&record->free_stack, memory_order_relaxed),
        .alloc_thread = (unsigned)(extent >> ALLOC_THREAD_SHIFT) & CN_RECORD_THREAD_MAX,
        .free_thread = (unsigned)(extent >> FREE_THREAD_SHIFT),
    };
}
