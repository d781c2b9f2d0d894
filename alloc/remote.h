/*
 * remote.h: frees by threads that do not own the block's heap.
 *
 * The bitmap is the hand-over queue. The thread that frees sets the block's bit in `remote`; where it was set already,
 * the block is freed twice. Whoever sets the first bit of a word announces the word in the slot's remote_words; whoever
 * announces the first word marks the slot's owner word as pending and puts the slot on the heap's list. The owner takes
 * the list when a magazine underflows or overflows, and turns the bits into idle blocks.
 *
 *   poster:  set remote bit (a);  if the word was 0: set its bit in remote_words (b);  if those were 0: mark owner (c),
 *            push the slot (d)
 *   owner:   take the list (e);  per slot: read remote_next (f), unmark owner (g), take remote_words (h), take words (i)
 *
 * What pairs with what; all of a, b, h, i are sequentially consistent:
 *   a, b with h, i  a word is not 0 from the first (a) to (i), and the owner comes to (i) only after that poster's (b).
 *                   So every bit has an announcer, and until it has announced, the block stays live and its pool stays.
 *   d with e        release / acquire: remote_next is written.
 *   f before h      the slot can be pushed again from (h) on, when remote_next must have been read.
 *   g before h      a mark that (g) takes away belongs to words that (h) takes; a later one stays.
 *
 * The mark makes a double free exact: while a slot has pending frees, its owner's own frees take the slow path, which
 * looks at the block's remote bit. Only a second free between another's (a) and (c) escapes, some instructions long
 * unless that thread is held up there, or one by another thread between (i) and the end of the block's life, right after
 * it; the owner finds the bit without a live block then, when it drains.
 */
#ifndef CN_REMOTE_H
#define CN_REMOTE_H

#include "pool.h"

/* The slots of one heap that have pending frees; pushed by any thread, taken whole by the owner. */
struct cn_remote_list {
    _Atomic(struct cn_pool *) first;
};

/* Frees the block at `granule`, of the heap that `list` belongs to. False where that was done already. */
bool cn_remote_post(struct cn_remote_list *list, size_t granule);

/* True where another thread has freed the block at `granule`, and its owner has not seen it yet. */
bool cn_remote_test(size_t granule);

/* Takes every pending free off the list, and calls `freed` for each bitmap word with the blocks' bits. */
typedef void cn_remote_freed_fn(struct cairn_heap *heap, size_t word, uint64_t bits);
void cn_remote_drain(struct cn_remote_list *list, cn_remote_freed_fn *freed, struct cairn_heap *heap);

/* In the child of a fork, before it has a second thread: announces all pending frees of the slot anew, whatever step
 * their posters had come to. The lists must have been emptied. */
void cn_remote_repair(struct cn_remote_list *list, size_t slot);

#endif
