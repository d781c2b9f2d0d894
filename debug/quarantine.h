/*
 * quarantine.h: where freed blocks wait, so that writes through stale pointers meet no new owner, and are found.
 *
 * Blocks wait in chunks of addresses, in the order in which they were freed: a thread fills a chunk of its own, without
 * a lock, and hands it over to the one queue when it is full. When the queue holds more bytes than the option
 * `quarantine` says, the thread that handed over lets the oldest chunks' blocks leave: each is checked (a byte that is
 * not the freed fill was written after the free), and goes back to the core.
 *
 *   a thread's chunk --full, or the thread ends--> the queue --too many bytes, or a flush--> spare chunk
 *
 * An entry holds its block's address and 16 bits of its serial number. It counts only while the block's record is
 * quarantined with that serial: blocks of a heap that was destroyed meanwhile are passed over.
 *
 * W1  A block is in quarantine exactly where its record says so; it is in one chunk, or parked.
 * W2  The queue's count of bytes is the sum of the bytes of the chunks in the queue.
 *
 * Locks: the queue's, for a few instructions. Then the named heaps', which whoever destroys one, or lets a block of one
 * leave, holds, so that a heap does not go while one of its blocks does.
 */
#ifndef CN_QUARANTINE_H
#define CN_QUARANTINE_H

#include "record.h"
#include "self.h"

/* The block, whose record has just become quarantined with the serial, waits; without memory to note it, it leaves at once.
 * `self` NULL: the thread ends, and keeps nothing. */
void cn_quarantine_add(struct cn_self *self, const struct cn_known *known, uint64_t serial);

/* Makes room for the thread's first blocks, while there is memory: later a free would have to ask for it. */
void cn_quarantine_prepare(struct cn_self *self);

/* What the thread has goes to the queue. */
void cn_quarantine_hand_over(struct cn_self *self);

/* All blocks of the queue, and of the calling thread, leave. False where there were none. */
bool cn_quarantine_flush(struct cn_self *self);

/* From here on no block of a named heap leaves, until it is resumed. */
void cn_quarantine_pause_named(void);
void cn_quarantine_resume_named(void);

/* In the child of a fork: what other threads had in their chunks goes to the queue. */
void cn_quarantine_after_fork(void);

#endif
