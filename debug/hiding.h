/*
 * hiding.h: freed memory that cannot be accessed, so that a read of it stops at the instruction too; and who may look
 * at the bytes of blocks meanwhile.
 *
 * Spans and guarded blocks are made inaccessible by whoever frees them (live.c). A pool is hidden while all of its blocks are
 * quarantined, unless it is a named heap's: then neither the program nor the core has one. Its last page can still be read, but
 * not written. Its state is its entry's note (pool.h):
 *
 *   open --the last of its blocks is quarantined--> changing --> hidden --a block leaves--> changing --> open
 *
 * All its bytes are checked before, and nobody can change them, so that nobody needs to look at a hidden pool; when its blocks
 * leave they are checked as ever. Hidden pools cost the system mappings, so that there are at most so many at a time; a pool
 * beyond that, or that the system refuses to hide, stays open. To open one takes no mapping. Should the system refuse that all
 * the same, the pool stays hidden, with its blocks parked.
 *
 * C1  A pool's count of blocks that do not wait is at least the number of its blocks whose records are not quarantined: a
 *     block is counted off after its record says so, and counted again before it says otherwise. So the count is zero only
 *     where all of them are quarantined, at each instant of a fork too.
 * C2  A pool is hidden, or about to be, only where the count was zero; whoever raises it waits until the pool is open.
 */
#ifndef CN_HIDING_H
#define CN_HIDING_H

#include "damage.h"
#include "record.h"

/* Pools of smaller blocks than the debug form asks for have no records. */
enum { CN_HIDING_BLOCK_MIN_BYTES = 32 };

/* Between `try` and `end` a thread makes memory inaccessible; not where `try` says false. `begin` waits until it
 * may. */
bool cn_hiding_try(void);
void cn_hiding_begin(void);
void cn_hiding_end(void);

/* From `begin` to `end` no bytes become inaccessible. False where a thread takes long to make some so, or this one is
 * interrupted at it. For audit.c; not twice at a time. */
bool cn_hiding_begin_look(void);
void cn_hiding_end_look(void);

/* Finds out how many pools can be hidden, by how many mappings there can be. Until then none are. */
void cn_hiding_limit(void);

/* A pool starts in the slot; none of its blocks was handed out yet. */
void cn_hiding_start(size_t slot);

/* The block, whose record has just become quarantined, is counted off. Nothing but for blocks of such pools. `look`
 * says who has freed it. */
void cn_hiding_add(const struct cn_known *known, const struct cn_look *look);

/* The quarantined block is counted again, and its bytes can be accessed. False, and the block not counted, where the
 * system refuses. True but for blocks of such pools. */
bool cn_hiding_remove(const struct cn_known *known);

/* Whether the block's pool cannot be accessed now, or is changing. */
bool cn_hiding_covers(const struct cn_known *known);

/* The last block of a hidden pool where the address lies behind its blocks, in its slack; false elsewhere. */
bool cn_hiding_find_before(const void *address, struct cn_known *last);

/* Pools that are hidden now. */
size_t cn_hiding_pool_count(void);

/* In the child of a fork. */
void cn_hiding_after_fork(void);

#endif
