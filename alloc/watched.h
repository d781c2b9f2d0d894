/*
 * watched.h: the release form's calls while a tool watches (os_watch.h): each block is announced, and has hidden bytes
 * behind it.
 *
 * All calls take the slow paths then: magazines hold nothing, and requests are counted, so that the table of
 * requested.h says of each block in the region how many bytes the program has. A resize always moves, so that a stale
 * pointer is found. Blocks outside of the region have all their bytes: their pages end them. A free block may be handed
 * out again at once; the debug form keeps it in quarantine. In the debug form, debug/live.h announces the blocks.
 */
#ifndef CN_WATCHED_H
#define CN_WATCHED_H

#include "os_watch.h"
#include "route.h"
#include "walk.h"

/* A tool watches, and is told of the blocks that are there already. Before there is a second thread. Nothing where
 * there is no memory for it. `describe` as for cn_watch_start. */
void cn_watched_start(void (*describe)(const void *address));

/* As cn_route_malloc and the rest, while a tool watches; `heap` is NULL for the thread's. */
void *cn_watched_malloc(struct cairn_heap *heap, size_t size, size_t alignment, enum cn_fill fill);
void *cn_watched_realloc(struct cairn_heap *heap, const char *operation, void *block, size_t size);
void cn_watched_free(const char *operation, void *block);

/* What the core is asked for where the program asks for `size` bytes. */
CN_INLINE size_t cn_watched_padded(size_t size) {
    return cn_watch_is_on() && size <= PTRDIFF_MAX ? size + CN_WATCH_GAP_BYTES : size;
}

/* The bytes of a live block that the program may write. */
size_t cn_watched_bytes(const struct cn_block *found);

/* As cn_walk_blocks, with these bytes. */
bool cn_watched_walk(const struct cairn_heap *heap, cn_walk_fn *visit, void *argument);

/* All blocks of the heap are about to go. Nothing where no tool watches. */
void cn_watched_end_heap(const struct cairn_heap *heap);

CN_INLINE void *cn_watched_or_malloc(size_t size, size_t alignment, enum cn_fill fill) {
    return cn_watch_is_on() ? cn_watched_malloc(NULL, size, alignment, fill) : cn_route_malloc(size, alignment, fill);
}

CN_INLINE void cn_watched_or_free(const char *operation, void *block) {
    if (cn_watch_is_on()) {
        cn_watched_free(operation, block);
    } else {
        cn_route_free(operation, block);
    }
}

#endif
