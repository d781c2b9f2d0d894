/*
 * guard.h: blocks that lie on pages of their own, against a page that cannot be accessed: a write, or a read, beyond
 * such a block stops at the instruction that makes it, and so does one after its free.
 *
 * They come from a zone of their own, a reservation of inaccessible addresses, which is told from the rest of the heap
 * by one comparison. The zone is cut into extents, one after another; each is some pages with a block in them, and the
 * page that guards it:
 *
 *   guard_side=after    | ........ block tail | guard page |      the tail is less than the block's alignment
 *   guard_side=before   | guard page | block tail ........ |
 *
 * A block of size 0 has no byte: it starts between its two pages, neither of which can be accessed. What is known of
 * extents lies in tables by page, outside of the zone. A page before the zone and one behind it cannot be accessed
 * either.
 *
 *   none --malloc--> busy --> live --free--> busy --> freed --the zone has come round--> none
 *
 * The pages of a freed block cannot be accessed either, and their memory has gone back. New extents are taken round the
 * zone in order, so that addresses come back as late as can be. Each live block costs the system two mappings, of which
 * a process has a bounded number: only a share of them is used (CN_GUARD_LIVE_SHARE).
 *
 * G1  All pages of an extent, with its guard page, name it in `firsts`, and no other page does.
 * G2  The pages of a live block can be written, but for one of size 0; but for a busy one's, all others of the zone cannot be accessed.
 * G3  live_count is the number of extents that are live or busy.
 *
 * All functions may be called by any thread. The lock is held for some steps over tables, and is none that is held when
 * another is taken. Nothing is allocated but from the system.
 */
#ifndef CN_GUARD_H
#define CN_GUARD_H

#include <stdatomic.h>

#include "bits.h"
#include "form.h"
#include "options_table.h"

enum {
    /* Of the mappings that a process can have, live guarded blocks are this part of: two for each block. In the release
     * form the program is to notice nothing. */
    CN_GUARD_LIVE_SHARE = CAIRN_DEBUG ? 4 : 32,
    /* What the form keeps with each extent; see cn_guarded. */
    CN_GUARD_NOTES_BYTES = CAIRN_DEBUG ? 32 : 208,
};

/* The zone's size, of which no block has more than the part below. */
#define CN_GUARD_ZONE_BYTES (CAIRN_DEBUG ? (size_t)4 << 30 : (size_t)128 << 20)
#define CN_GUARD_ZONE_MIN_BYTES ((size_t)1 << 20)
#define CN_GUARD_BLOCK_SHARE ((size_t)16)
/* Under a limit of address space the zone has this part of it at most. */
#define CN_GUARD_ADDRESS_SHARE ((size_t)16)

/* Written once. `bytes` is 0 while there is no zone; release when all is there, acquire where it is read. */
struct cn_guard_zone {
    char *start;
    _Atomic size_t bytes;
};
extern struct cn_guard_zone cn_guard_zone;

enum cn_guard_state { CN_GUARDED_NONE, CN_GUARDED_BUSY, CN_GUARDED_LIVE, CN_GUARDED_FREED };

/* What is known of an extent. */
struct cn_guarded {
    enum cn_guard_state state;
    char *pages; /* all but the guard page */
    size_t page_bytes;
    char *block;
    size_t size; /* as it was asked for */
    void *notes; /* CN_GUARD_NOTES_BYTES of the form's own, zero when the block is made */
};

/* Makes the zone, where guarded blocks are wanted; before main. */
void cn_guard_start(enum cn_guard_side side);

CN_INLINE bool cn_guard_covers(const void *address) {
    size_t bytes = atomic_load_explicit(&cn_guard_zone.bytes, memory_order_acquire);
    return (uintptr_t)address - (uintptr_t)cn_guard_zone.start < bytes;
}

/* A live block, zero, on guarded pages; NULL where there is no zone or no room, or it is too large for this. errno
 * stays as it was. */
void *cn_guard_malloc(size_t size, size_t alignment);

/* The extent that the address lies in, in whatever state; false where there is none. */
bool cn_guard_find(const void *address, struct cn_guarded *guarded);

/* The live block is freed; false where none starts at the address. Of two threads that free the same, one succeeds. */
bool cn_guard_free(void *block);

/* Calls `visit` for every extent; stops when it says false, and returns false then. */
bool cn_guard_walk(bool (*visit)(const struct cn_guarded *guarded, void *argument), void *argument);

/* Guarded blocks that are live, about. */
size_t cn_guard_live_count(void);

/* The tables about extents. */
const char *cn_guard_tables(size_t *bytes);

/* In the child of a fork. What another thread had half made or half freed stays busy. */
void cn_guard_after_fork(void);

/* Panics where an invariant does not hold. No other thread may be at work. */
void cn_guard_check(void);

#endif
