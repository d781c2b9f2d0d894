/*
 * thread.h: which heap the calling thread allocates from.
 *
 *   none --first allocation--> its own heap --its TLS destructor--> gone
 *
 * A thread that only frees never gets a heap. One that is gone, or finds no heap free, shares the common heap, which is
 * locked like a named one.
 */
#ifndef CN_THREAD_H
#define CN_THREAD_H

#include "heap.h"

/* The heap to allocate from, given back with cn_thread_leave; NULL where there is none at all. */
struct cairn_heap *cn_thread_enter(void);
void cn_thread_leave(struct cairn_heap *heap);

/* As cn_heap_trim, of the heap that is this thread's, if it has one. */
size_t cn_thread_trim(void);

/* True for a heap that was made with cairn_heap_create. */
bool cn_thread_is_named(const struct cairn_heap *heap);

/* Called once, before there is a second thread. */
void cn_thread_init(void);

/* In the child of a fork. */
void cn_thread_after_fork(void);

#endif
