#include "route.h"

#include <errno.h>
#include <string.h>

#include "direct.h"
#include "form.h"
#include "misuse.h"
#include "process.h"
#include "purge.h"
#include "requested.h"
#include "sample.h"
#include "thread.h"

static bool is_pooled(size_t size, size_t alignment) {
    return size <= CN_BLOCK_MAX_BYTES && alignment <= CN_BLOCK_MAX_BYTES;
}

static unsigned class_of(size_t size, size_t alignment) {
    return alignment <= CN_GRANULE_BYTES ? cn_class_of(size) : cn_class_of_aligned(size, alignment);
}

/* A realloc to a smaller size could not move, for lack of memory, and left a block in a class that its size does not
 * name: from then on sized frees are not compared. */
static _Atomic bool kept_too_large;

/* ---- allocating ---------------------------------------------------------------------------------------------- */

static void *take_pooled(struct cairn_heap *heap, size_t size, size_t alignment, enum cn_fill fill) {
    unsigned class_index = class_of(size, alignment);
    void *block = cn_heap_take(heap, class_index);
    if (block == NULL) {
        return NULL;
    }
    if (fill == CN_FILL_ZERO) {
        memset(block, 0, size);
    }
    cn_requested_note(cn_granule_of(block), cn_class_at(class_index)->block_bytes, size);
    return block;
}

static size_t span_slots(size_t size) { return cn_span_slots_of(cn_max(size, 1)); }

static void *take_span(struct cairn_heap *named, size_t size, size_t alignment, enum cn_fill fill) {
    size_t slots = span_slots(size);
    void *block = cn_span_malloc(named, slots << CN_SLOT_SHIFT, alignment, fill);
    if (block != NULL) {
        cn_requested_note(cn_granule_of(block), slots << CN_SLOT_SHIFT, size);
    }
    return block;
}

/* From the region. `heap` is owned or locked, or NULL; `named` is it where it is a named heap, else NULL. */
static void *take(struct cairn_heap *heap, struct cairn_heap *named, size_t size, size_t alignment, enum cn_fill fill) {
    if (is_pooled(size, alignment)) {
        return heap != NULL ? take_pooled(heap, size, alignment, fill) : NULL;
    }
    return take_span(named, size, alignment, fill);
}

static bool is_allowed(const struct cairn_heap *named, size_t size, size_t alignment) {
    return named == NULL ||
           (is_pooled(size, alignment) ? cn_heap_allows_pool(named) : cn_heap_allows_span(named, span_slots(size)));
}

/* As take; but of spans, only what the budget allows. Pools see to that themselves. */
static void *take_allowed(struct cairn_heap *heap, struct cairn_heap *named, size_t size, size_t alignment,
                          enum cn_fill fill) {
    if (!is_pooled(size, alignment) && !is_allowed(named, size, alignment)) {
        return NULL;
    }
    return take(heap, named, size, alignment, fill);
}

/* From the thread's own heap, the one that is asked (NULL: none), and those without a thread. */
static void reclaim(struct cairn_heap *heap) {
    (void)cn_thread_trim();
    if (heap != NULL && heap != cn_heap_mine) {
        (void)cn_heap_trim(heap);
    }
    (void)cn_heap_trim_abandoned();
    (void)cn_purge_all();
}

/* Whether giving memory back could make room: not for what would never fit the region. */
static bool can_fit(size_t size, size_t alignment) {
    return cn_max(size, alignment) >> CN_ARENA_SHIFT < cn_region.arena_limit;
}

/* `heap` and `named` as for take. NULL where the system has no more, or the budget none. */
static void *take_or_reclaim(struct cairn_heap *heap, struct cairn_heap *named, size_t size, size_t alignment,
                             enum cn_fill fill) {
    void *block = take_allowed(heap, named, size, alignment, fill);
    if (CN_LIKELY(block != NULL)) {
        return block;
    }
    if (!is_allowed(named, size, alignment)) {
        (void)cn_heap_trim(named);
        return take_allowed(heap, named, size, alignment, fill);
    }
    if (can_fit(size, alignment)) {
        reclaim(heap);
        block = take_allowed(heap, named, size, alignment, fill);
    }
    return block == NULL && named == NULL ? cn_direct_malloc(size, alignment) : block;
}

static void *no_memory(void) {
    errno = ENOMEM;
    return NULL;
}

/* How many blocks the call stands for: those that come out of the magazine without asking here. */
static uint64_t sampled_blocks(size_t size, size_t alignment) {
    struct cairn_heap *heap = cn_heap_mine;
    if (heap == NULL || !is_pooled(size, alignment)) {
        return 1;
    }
    unsigned class_index = class_of(size, alignment);
    bool is_to_be_filled = heap->magazines[class_index].ceiling != cn_heap_bottom(heap, class_index);
    return is_to_be_filled ? cn_max(cn_class_at(class_index)->magazine_blocks / 2, 1) : 1;
}

CN_NOINLINE void *cn_route_malloc(size_t size, size_t alignment, enum cn_fill fill) {
    cn_process_start();
    if (CN_UNLIKELY(size > PTRDIFF_MAX || alignment > PTRDIFF_MAX)) {
        return no_memory();
    }
    if (!CAIRN_DEBUG && CN_UNLIKELY(cn_sample_every != 0) && cn_sample_is_due(sampled_blocks(size, alignment))) {
        struct cn_registers place = cn_machine_here();
        void *guarded = cn_sample_malloc(size, cn_max(alignment, CN_GRANULE_BYTES), &place);
        if (guarded != NULL) {
            return guarded;
        }
    }
    struct cairn_heap *heap = is_pooled(size, alignment) ? cn_thread_enter() : NULL;
    void *block = take_or_reclaim(heap, NULL, size, alignment, fill);
    cn_thread_leave(heap);
    return block != NULL ? block : no_memory();
}

static void *take_locked(struct cairn_heap *heap, size_t size, size_t alignment, enum cn_fill fill) {
    cn_lock_take(&heap->lock);
    void *block = take_or_reclaim(heap, heap, size, alignment, fill);
    cn_lock_give(&heap->lock);
    return block;
}

void *cn_route_take_named(struct cairn_heap *heap, size_t size, size_t alignment, enum cn_fill fill) {
    if (size > PTRDIFF_MAX || alignment > PTRDIFF_MAX) {
        return no_memory();
    }
    void *block = take_locked(heap, size, alignment, fill);
    return block != NULL ? block : no_memory();
}

void *cn_route_malloc_named(struct cairn_heap *heap, size_t size, size_t alignment, enum cn_fill fill) {
    void *block = cn_route_take_named(heap, size, alignment, fill);
    if (block == NULL && size <= PTRDIFF_MAX && heap->on_budget != NULL) {
        heap->on_budget(heap, size, heap->on_budget_argument);
        block = cn_route_take_named(heap, size, alignment, fill);
    }
    return block;
}

/* ---- freeing ------------------------------------------------------------------------------------------------- */

static CN_NORETURN void report(const char *operation, const void *pointer) {
    cn_misuse_not_live(operation, "double-free", pointer);
}

struct cairn_heap *cn_route_named_heap(const struct cn_block *found) {
    if (found->kind == CN_BLOCK_POOL) {
        return cn_thread_is_named(found->heap) ? found->heap : NULL;
    }
    return found->heap;
}

/* A block of a heap that is used under its lock. Another thread may have freed it since it was found, and its slot be
 * another heap's by now. */
static bool free_locked(struct cairn_heap *heap, size_t granule) {
    cn_lock_take(&heap->lock);
    uintptr_t owner = atomic_load_explicit(&cn_region.owner[cn_slot_of_granule(granule)], memory_order_relaxed);
    bool is_live = cn_live_test(granule) && cn_heap_of_owner(owner) == heap;
    if (is_live) {
        cn_heap_give(heap, granule);
    }
    cn_lock_give(&heap->lock);
    return is_live;
}

static bool free_pooled(const struct cn_block *found) {
    if (found->heap == cn_heap_mine) {
        cn_heap_give(found->heap, found->granule);
        return true;
    }
    if (cn_heap_state(found->heap) == CN_HEAP_NAMED) {
        return free_locked(found->heap, found->granule);
    }
    return cn_remote_post(&found->heap->remote, found->granule);
}

static bool free_span(const struct cn_block *found) {
    struct cairn_heap *heap = found->heap;
    size_t slot = cn_slot_of_granule(found->granule);
    if (heap == NULL) {
        return cn_span_free(slot);
    }
    cn_lock_take(&heap->lock);
    struct cn_block now = cn_block_find(cn_slot_address(slot));
    bool is_live = now.kind == CN_BLOCK_SPAN && now.heap == heap && cn_span_free(slot);
    cn_lock_give(&heap->lock);
    return is_live;
}

/* `place` is where the program called. */
static bool free_found(const struct cn_block *found, void *pointer, const struct cn_registers *place) {
    switch (found->kind) {
    case CN_BLOCK_POOL:
        return free_pooled(found);
    case CN_BLOCK_SPAN:
        return free_span(found);
    case CN_BLOCK_DIRECT:
        return cn_direct_free(pointer);
    case CN_BLOCK_GUARDED:
        return cn_sample_free(pointer, place);
    case CN_BLOCK_NONE:
        break;
    }
    return false;
}

/* One of the thread's own heap comes here while other threads' frees wait in its slot: it may be among them. */
static bool free_mine(struct cairn_heap *heap, size_t granule) {
    bool is_live = !cn_remote_test(granule);
    if (CN_LIKELY(is_live)) {
        cn_heap_give(heap, granule);
    }
    return is_live;
}

bool cn_route_free_other(size_t granule, uintptr_t owner) {
    struct cairn_heap *heap = cn_heap_of_owner(owner);
    if (owner == CN_OWNER_SPAN || owner == 0) {
        return false;
    }
    if (heap == cn_heap_mine) {
        return free_mine(heap, granule);
    }
    return cn_heap_state(heap) != CN_HEAP_NAMED && cn_remote_post(&heap->remote, granule);
}

void cn_route_free(const char *operation, void *pointer) {
    if (pointer == NULL) {
        return;
    }
    struct cn_block found = cn_block_find(pointer);
    struct cn_registers place = cn_machine_here();
    if (CN_UNLIKELY(!free_found(&found, pointer, &place))) {
        report(operation, pointer);
    }
}

/* The usable bytes of a block of the region that is asked for like this. */
static size_t region_bytes(size_t size, size_t alignment) {
    return is_pooled(size, alignment) ? cn_class_at(class_of(size, alignment))->block_bytes
                                      : span_slots(size) << CN_SLOT_SHIFT;
}

/* As far as the size class goes: also of a guarded block, so that it does not decide what passes whether a block is
 * one. */
static bool is_size_of(const struct cn_block *found, size_t alignment, size_t size) {
    switch (found->kind) {
    case CN_BLOCK_DIRECT:
        return cn_round_up(cn_max(size, 1), cn_os_page_bytes()) == found->bytes;
    case CN_BLOCK_GUARDED:
        return region_bytes(size, alignment) == region_bytes(found->bytes, alignment);
    case CN_BLOCK_POOL:
    case CN_BLOCK_SPAN:
        return region_bytes(size, alignment) == found->bytes;
    case CN_BLOCK_NONE:
        break;
    }
    return false;
}

/* Whether realloc may have left the block larger than the size asks for. */
static bool has_room(const struct cn_block *found, size_t alignment, size_t size) {
    if (alignment > CN_GRANULE_BYTES) {
        return false;
    }
    bool is_guarded = found->kind == CN_BLOCK_GUARDED && is_pooled(found->bytes, alignment);
    return (is_guarded || found->kind == CN_BLOCK_POOL) &&
           cn_class_keeps(is_guarded ? cn_class_of(found->bytes) : found->class_index, size);
}

static bool is_right_size(const struct cn_block *found, size_t alignment, size_t size, enum cn_origin origin) {
    return size <= PTRDIFF_MAX && cn_is_power_of_two(alignment) &&
           (is_size_of(found, alignment, size) ||
            (origin == CN_ORIGIN_REALLOC && (has_room(found, alignment, size) || atomic_load(&kept_too_large))));
}

void cn_route_check_size(const char *operation, void *pointer, size_t alignment, size_t size, enum cn_origin origin) {
    if (!CN_CHECKED) {
        return;
    }
    struct cn_block found = cn_block_find(pointer);
    if (found.kind == CN_BLOCK_NONE) {
        report(operation, pointer);
    }
    if (!is_right_size(&found, alignment, size, origin)) {
        cn_misuse_size(operation, pointer, alignment, size, found.bytes);
    }
}

/* ---- realloc ------------------------------------------------------------------------------------------------- */

static bool resize_span(const struct cn_block *found, size_t size) {
    size_t slot = cn_slot_of_granule(found->granule);
    if (found->heap != NULL) {
        cn_lock_take(&found->heap->lock);
    }
    bool is_done = cn_span_resize(slot, size);
    if (found->heap != NULL) {
        cn_lock_give(&found->heap->lock);
    }
    return is_done;
}

/* The block's address after a resize that need not copy; NULL: it must move. */
static void *resize(const struct cn_block *found, void *pointer, size_t size) {
    bool is_done = false;
    if (found->kind == CN_BLOCK_GUARDED) {
        return NULL;
    }
    if (found->kind == CN_BLOCK_DIRECT) {
        return size > CN_BLOCK_MAX_BYTES && cn_direct_resize(pointer, size) ? pointer : NULL;
    }
    if (found->kind == CN_BLOCK_POOL) {
        is_done = size <= CN_BLOCK_MAX_BYTES && cn_class_keeps(found->class_index, size);
    } else if (size > CN_BLOCK_MAX_BYTES) {
        is_done = cn_span_slots_of(size) << CN_SLOT_SHIFT == found->bytes || resize_span(found, size);
    }
    if (is_done) {
        cn_requested_note(found->granule, cn_block_find(pointer).bytes, size);
    }
    return is_done ? pointer : NULL;
}

static bool copy(const struct cn_block *found, const void *from, void *to, size_t bytes) {
    if (found->kind == CN_BLOCK_SPAN && cn_block_find(to).kind == CN_BLOCK_SPAN) {
        return cn_span_move(cn_slot_of_granule(found->granule), cn_slot_of_granule(cn_granule_of(to)));
    }
    memcpy(to, from, bytes);
    return true;
}

static void *move(const char *operation, const struct cn_block *found, void *pointer, size_t size,
                  const struct cn_registers *place) {
    struct cairn_heap *named = cn_route_named_heap(found);
    int saved = errno;
    void *moved = named != NULL ? cn_route_malloc_named(named, size, CN_GRANULE_BYTES, CN_FILL_NONE)
                                : cn_route_malloc(size, CN_GRANULE_BYTES, CN_FILL_NONE);
    errno = saved;
    if (moved == NULL || !copy(found, pointer, moved, cn_min(size, found->bytes))) {
        return NULL;
    }
    if (!free_found(found, pointer, place)) {
        cn_misuse_not_live(operation, "realloc-of-freed", pointer);
    }
    return moved;
}

CN_NOINLINE void *cn_route_realloc(const char *operation, void *pointer, size_t size) {
    struct cn_block found = cn_block_find(pointer);
    if (found.kind == CN_BLOCK_NONE || pointer == NULL) {
        cn_misuse_not_live(operation, "realloc-of-freed", pointer);
    }
    if (size == 0) {
        cn_route_free(operation, pointer);
        return NULL;
    }
    if (size > PTRDIFF_MAX) {
        return no_memory();
    }
    void *resized = resize(&found, pointer, size);
    if (resized == NULL) {
        struct cn_registers place = cn_machine_here();
        resized = move(operation, &found, pointer, size, &place);
    }
    if (resized == NULL && size <= found.bytes) {
        atomic_store(&kept_too_large, true);
        if (found.kind == CN_BLOCK_POOL || found.kind == CN_BLOCK_SPAN) {
            cn_requested_note(found.granule, found.bytes, size);
        }
        resized = pointer;
    }
    return resized != NULL ? resized : no_memory();
}
