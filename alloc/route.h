/*
 * route.h: the slow paths behind the entry points: which of pool, span and mapping serves a request, and which of them
 * a block goes back to. Each starts the process's heap where it has not started yet.
 */
#ifndef CN_ROUTE_H
#define CN_ROUTE_H

#include "block.h"
#include "heap.h"
#include "span.h"

/* A block for the calling thread. `alignment` is a power of two. NULL and ENOMEM where there is no memory. */
void *cn_route_malloc(size_t size, size_t alignment, enum cn_fill fill);

/* The same from a named heap, which the caller has not locked. */
void *cn_route_malloc_named(struct cairn_heap *heap, size_t size, size_t alignment, enum cn_fill fill);

/* The same, but the heap's callback is not asked. */
void *cn_route_take_named(struct cairn_heap *heap, size_t size, size_t alignment, enum cn_fill fill);

/* Frees what starts at `pointer`, whoever has it; NULL is ignored. `operation` names the call in a report. */
void cn_route_free(const char *operation, void *pointer);

/* Frees the live block at `granule`, whose slot has this owner word, which the hot path does not know: where it is
 * in a pool of a thread's heap. False, and nothing done, where it is not, or was freed already. */
bool cn_route_free_other(size_t granule, uintptr_t owner);

/* As cairn_realloc. */
void *cn_route_realloc(const char *operation, void *pointer, size_t size);

/* Whether realloc may have made the block what it is, and left room in it. */
enum cn_origin { CN_ORIGIN_MALLOC, CN_ORIGIN_REALLOC };

/* Reports a size-mismatch where the block was not asked for with this size and alignment. */
void cn_route_check_size(const char *operation, void *pointer, size_t alignment, size_t size, enum cn_origin origin);

/* The named heap that the found block counts for; NULL: a thread's. */
struct cairn_heap *cn_route_named_heap(const struct cn_block *found);

#endif
