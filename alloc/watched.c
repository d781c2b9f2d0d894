#include "watched.h"

#include <errno.h>
#include <string.h>

#include "form.h"
#include "misuse.h"
#include "requested.h"

static bool is_in_region(const struct cn_block *found) {
    return found->kind == CN_BLOCK_POOL || found->kind == CN_BLOCK_SPAN;
}

size_t cn_watched_bytes(const struct cn_block *found) {
    return cn_watch_is_on() && is_in_region(found) ? cn_requested_of(found->granule, found->bytes) : found->bytes;
}

/* ---- the start ----------------------------------------------------------------------------------------------- */

static bool announce(void *block, size_t bytes, void *argument) {
    (void)argument;
    cn_watch_block_starts(block, bytes, CN_WATCH_SET);
    return true;
}

void cn_watched_start(void (*describe)(const void *address)) {
    if (CAIRN_DEBUG) {
        cn_watch_start(describe);
        return;
    }
    cn_requested_enable();
    if (cn_requested_is_on()) {
        cn_watch_start(describe);
        (void)cn_walk_blocks(NULL, announce, NULL);
    }
}

/* ---- blocks -------------------------------------------------------------------------------------------------- */

/* As cn_route_malloc_named, but the heap's callback is told what the program asked for. */
static void *take_named(struct cairn_heap *heap, size_t size, size_t alignment, enum cn_fill fill) {
    void *block = cn_route_take_named(heap, cn_watched_padded(size), alignment, fill);
    if (block == NULL && size <= PTRDIFF_MAX && heap->on_budget != NULL) {
        heap->on_budget(heap, size, heap->on_budget_argument);
        block = cn_route_take_named(heap, cn_watched_padded(size), alignment, fill);
    }
    return block;
}

void *cn_watched_malloc(struct cairn_heap *heap, size_t size, size_t alignment, enum cn_fill fill) {
    size_t padded = cn_watched_padded(size);
    bool is_small = padded <= CN_BLOCK_MAX_BYTES; /* a block of a pool is hidden until it starts, also from the core */
    enum cn_fill asked = is_small ? CN_FILL_NONE : fill;
    void *block = heap != NULL ? take_named(heap, size, alignment, asked) : cn_route_malloc(padded, alignment, asked);
    if (block == NULL) {
        return NULL;
    }
    struct cn_block found = cn_block_find(block);
    if (is_in_region(&found)) {
        cn_requested_note(found.granule, found.bytes, size);
    }
    cn_watch_block_starts(block, cn_watched_bytes(&found), fill == CN_FILL_ZERO ? CN_WATCH_SET : CN_WATCH_UNSET);
    return is_small && fill == CN_FILL_ZERO ? memset(block, 0, size) : block;
}

/* What is no live block is left for cn_route_free to report. */
void cn_watched_free(const char *operation, void *block) {
    struct cn_block found = cn_block_find(block);
    if (found.kind != CN_BLOCK_NONE) {
        cn_watch_block_ends(block, cn_watched_bytes(&found));
    }
    if (found.kind == CN_BLOCK_DIRECT) {
        cn_watch_show(block, found.bytes);
    }
    cn_route_free(operation, block);
}

void *cn_watched_realloc(struct cairn_heap *heap, const char *operation, void *block, size_t size) {
    struct cn_block found = cn_block_find(block);
    if (found.kind == CN_BLOCK_NONE) {
        cn_misuse_not_live(operation, "realloc-of-freed", block);
    }
    if (size == 0) {
        cn_watched_free(operation, block);
        return NULL;
    }
    struct cairn_heap *named = heap != NULL ? heap : cn_route_named_heap(&found);
    int saved = errno;
    void *moved = cn_watched_malloc(named, size, CN_GRANULE_BYTES, CN_FILL_NONE);
    if (moved == NULL) {
        return NULL;
    }
    memcpy(moved, block, cn_min(size, cn_watched_bytes(&found)));
    cn_watched_free(operation, block);
    errno = saved;
    return moved;
}

/* ---- all of them --------------------------------------------------------------------------------------------- */

struct visit {
    cn_walk_fn *visit;
    void *argument;
};

static bool visit_block(void *block, size_t bytes, void *argument) {
    const struct visit *visit = argument;
    struct cn_block found = cn_block_find(block);
    return visit->visit(block, found.kind == CN_BLOCK_NONE ? bytes : cn_watched_bytes(&found), visit->argument);
}

bool cn_watched_walk(const struct cairn_heap *heap, cn_walk_fn *visit, void *argument) {
    return cn_watch_is_on() ? cn_walk_blocks(heap, visit_block, &(struct visit){visit, argument})
                            : cn_walk_blocks(heap, visit, argument);
}

static bool end_block(void *block, size_t bytes, void *argument) {
    (void)argument;
    cn_watch_block_ends(block, bytes);
    return true;
}

void cn_watched_end_heap(const struct cairn_heap *heap) {
    if (!CAIRN_DEBUG && cn_watch_is_on()) {
        (void)cn_watched_walk(heap, end_block, NULL);
    }
}
