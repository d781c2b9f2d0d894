#include "block.h"

#include "direct.h"
#include "guard.h"
#include "heap.h"
#include "span.h"

static struct cn_block find_direct(const void *pointer) {
    struct cn_block block = {.kind = CN_BLOCK_NONE};
    block.bytes = cn_direct_bytes(pointer);
    if (block.bytes != 0) {
        block.kind = CN_BLOCK_DIRECT;
    }
    return block;
}

static struct cn_block find_guarded(const void *pointer) {
    struct cn_block block = {.kind = CN_BLOCK_NONE};
    struct cn_guarded guarded;
    if (cn_guard_find(pointer, &guarded) && guarded.state == CN_GUARDED_LIVE && guarded.block == pointer) {
        block.kind = CN_BLOCK_GUARDED;
        block.bytes = guarded.size;
    }
    return block;
}

static struct cn_block find_in_region(size_t granule) {
    struct cn_block block = {.kind = CN_BLOCK_NONE, .granule = granule};
    size_t slot = cn_slot_of_granule(granule);
    if (!cn_live_test(granule)) {
        return block;
    }
    uintptr_t owner = atomic_load_explicit(&cn_region.owner[slot], memory_order_relaxed);
    if (owner == CN_OWNER_SPAN) {
        block.kind = CN_BLOCK_SPAN;
        block.bytes = cn_span_bytes(&cn_region.pools[slot]);
        block.heap = cn_pool_heap(&cn_region.pools[slot]);
    } else if (owner != 0 && ((owner & CN_OWNER_PENDING) == 0 || !cn_remote_test(granule))) {
        block.kind = CN_BLOCK_POOL;
        block.class_index = cn_class_of_owner(owner);
        block.bytes = cn_class_at(block.class_index)->block_bytes;
        block.heap = cn_heap_of_owner(owner);
    }
    return block;
}

/* Addresses of the region that are not held, as where a span was lost or the region is not held at all (os.h), the
 * system may give to a direct block. */
struct cn_block cn_block_find(const void *pointer) {
    size_t granule = cn_granule_of(pointer);
    if (cn_region_covers(granule)) {
        struct cn_block found = find_in_region(granule);
        return found.kind != CN_BLOCK_NONE ? found : find_direct(pointer);
    }
    return cn_guard_covers(pointer) ? find_guarded(pointer) : find_direct(pointer);
}

/* Within a pool, or the pool that was here last. */
static struct cn_place place_in_pool(const struct cn_pool *pool, size_t byte) {
    unsigned class_index = cn_pool_class(pool);
    if (class_index >= CN_CLASS_COUNT) { /* it has become a span just now */
        return (struct cn_place){.kind = CN_PLACE_EMPTY};
    }
    size_t block_bytes = cn_class_at(class_index)->block_bytes;
    struct cn_place place = {.kind = CN_PLACE_FRESH, .block_bytes = block_bytes, .offset = byte % block_bytes};
    if (byte / block_bytes < cn_pool_fresh(pool)) {
        place.kind = place.offset == 0 ? CN_PLACE_FREED : CN_PLACE_INSIDE;
    }
    return place;
}

/* The entries may be changing in another thread: what is said of them is a description, or is looked at again. */
const struct cn_pool *cn_block_last_pool(size_t slot) {
    const struct cn_pool *entry = &cn_region.pools[slot];
    size_t back = cn_pool_back(entry);
    const struct cn_pool *pool = back <= slot ? entry - back : entry;
    unsigned class_index = cn_pool_class(pool);
    bool is_pool = class_index < CN_CLASS_COUNT && back < cn_class_at(class_index)->pool_slots;
    return is_pool ? pool : NULL;
}

static struct cn_place place_in_slot(size_t slot, size_t byte) {
    struct cn_place place = {.kind = CN_PLACE_EMPTY};
    size_t span = cn_span_find(slot);
    bool is_taken = atomic_load_explicit(&cn_region.owner[slot], memory_order_relaxed) != 0;
    const struct cn_pool *pool = cn_block_last_pool(slot);
    if (span != SIZE_MAX) {
        place.block_bytes = cn_span_bytes(&cn_region.pools[span]);
        place.offset = (slot - span) * CN_SLOT_BYTES + byte;
        place.kind = place.offset == 0 ? CN_PLACE_FREED : CN_PLACE_INSIDE;
    } else if (cn_pool_class(&cn_region.pools[slot]) == CN_CLASS_SPAN) {
        place.kind = byte == 0 ? CN_PLACE_FREED : CN_PLACE_EMPTY;
    } else if (pool != NULL) {
        place = place_in_pool(pool, (slot - cn_pool_slot(pool)) * CN_SLOT_BYTES + byte);
        if (!is_taken && place.kind != CN_PLACE_FREED) {
            place.kind = CN_PLACE_EMPTY;
        }
    }
    return place;
}

static struct cn_place place_on_guarded_pages(const char *pointer) {
    struct cn_guarded guarded;
    if (!cn_guard_find(pointer, &guarded)) {
        return (struct cn_place){.kind = CN_PLACE_EMPTY};
    }
    if (pointer == guarded.block) {
        return (struct cn_place){.kind = CN_PLACE_FREED};
    }
    size_t offset = (uintptr_t)pointer - (uintptr_t)guarded.block;
    enum cn_place_kind kind = offset < guarded.size ? CN_PLACE_INSIDE : CN_PLACE_EMPTY;
    return (struct cn_place){.kind = kind, .block_bytes = guarded.size, .offset = offset};
}

struct cn_place cn_place_of(const void *pointer) {
    struct cn_place place = {.kind = CN_PLACE_OUTSIDE};
    size_t byte = (uintptr_t)pointer - (uintptr_t)cn_region.base;
    if (cn_guard_covers(pointer)) {
        return place_on_guarded_pages(pointer);
    }
    if (cn_region.base == NULL || !cn_region_covers(byte >> CN_GRANULE_SHIFT)) {
        return place;
    }
    return place_in_slot(byte >> CN_SLOT_SHIFT, byte % CN_SLOT_BYTES);
}
