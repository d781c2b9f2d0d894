/*
 * promise.h: what the program has promised of single blocks: cairn_seal, that it does not change; cairn_fence, that
 * some bytes inside it are not written. Both are looked at wherever the block's canaries are.
 *
 * A seal keeps a checksum of the block, or has its pages made read-only where it fills some: then a stray write stops
 * at the instruction. A fence fills its bytes with canaries (canary.h). What is known of them lies in one table, by the
 * block's address; the marks of the block's record say whether there is anything to look for.
 *
 *   none --seal--> sealed --unseal, or the block's end--> none        (a fence likewise, without an end of its own)
 *
 * T1  Where a live block's record is marked sealed, the table has one seal of it with its serial number; where it is
 *     marked fenced, at least one fence.
 *
 * Only the block's user may seal, unseal and fence it, one thread at a time. The table has a lock (own_lock.h): a look
 * in a signal handler passes over the promises that it has interrupted its own thread at.
 */
#ifndef CN_PROMISE_H
#define CN_PROMISE_H

#include "report.h"

/* The live block, whose record's word is `word`. False where the table is full; or, of a fence, not within the
 * block. Where pages cannot be protected, a seal is of all bytes. */
bool cn_promise_seal(const struct cn_known *known, uint64_t word);
bool cn_promise_fence(const struct cn_known *known, uint64_t word, size_t offset, size_t bytes);

/* Reports a promise that was not kept, and returns true where the process goes on then. For damage.c. */
bool cn_promise_check(const struct cn_known *known, uint64_t word, const struct cn_look *look);

/* Whether there has been any promise; while there is one thread. */
bool cn_promise_has_been_made(void);

/* The block's seal ends; it may be written again. */
void cn_promise_unseal(const struct cn_known *known, uint64_t word);

/* All promises of the block end, with it. */
void cn_promise_forget(const struct cn_known *known, uint64_t word);

/* In the child of a fork. */
void cn_promise_after_fork(void);

#endif
