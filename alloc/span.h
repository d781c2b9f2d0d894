/*
 * span.h: blocks larger than a pool serves: a run of slots for each.
 *
 * A span's first slot has the owner word CN_OWNER_SPAN, a live bit at its first granule, and the span's length in its
 * pools entry. Nothing marks the other slots. Whoever clears the live bit, in one atomic exchange, frees the span: any
 * thread may, and of two that try one alone succeeds. A named heap's spans are on its list, and are made, resized and
 * freed under its lock.
 *
 * Contents move by pages from CN_MOVE_MIN_BYTES on. The target is one mapping then, for itself: `moved_slots` says how much
 * of a span is. It is made one with its neighbours' when it is freed.
 *
 * N1  A taken slot with owner CN_OWNER_SPAN has exactly its first granule live, or is being freed.
 */
#ifndef CN_SPAN_H
#define CN_SPAN_H

#include "pool.h"

struct cairn_heap;

/* The slots of a request; bytes at most PTRDIFF_MAX. */
CN_INLINE size_t cn_span_slots_of(size_t bytes) { return (bytes + CN_SLOT_BYTES - 1) >> CN_SLOT_SHIFT; }

CN_INLINE size_t cn_span_bytes(const struct cn_pool *span) { return cn_pool_slots(span) << CN_SLOT_SHIFT; }

enum cn_fill { CN_FILL_NONE, CN_FILL_ZERO };

/* A live span of at least `bytes`, at a multiple of `alignment` (a power of two); NULL where the region has no room.
 * `heap`: a named heap that the caller has locked, whose budget allows it; or NULL. */
void *cn_span_malloc(struct cairn_heap *heap, size_t bytes, size_t alignment, enum cn_fill fill);

/* The span whose first slot is `slot`. False where it is not live any more. */
bool cn_span_free(size_t slot);

/* Resizes in place, to hold `bytes`. False, and the span as it was, where what follows is not free or not allowed. */
bool cn_span_resize(size_t slot, size_t bytes);

/* Moves the contents of one live span, up to the length of the shorter, to another: by pages where that is cheaper.
 * False where the system has taken the target away, for a full map table: the target is lost then. No lock is held. */
bool cn_span_move(size_t from, size_t to);

/* A live span whose memory cannot be accessed any more, and cannot be made to be, is no block from now on. Its slots
 * stay taken: who knows what lies there. No lock is held. */
void cn_span_lose(size_t slot);

/* The slots in which the span lies that slot is part of; SIZE_MAX where it is part of none. For reports: it
 * searches. */
size_t cn_span_find(size_t slot);

#endif
