/*
 * region.h: the one reservation of addresses: where the region and the tables about it lie (layout.h has the diagram),
 * and how far they have been made accessible.
 *
 * The region grows at its end, an arena or a run of arenas at a time, and never shrinks: arenas that are free again are
 * found through arena.h. Where nothing could be reserved the region is empty, and direct.h serves everything.
 *
 * R1  granules covers exactly the arenas whose tables are accessible; it only grows.
 * R2  arena_count <= arenas covered by granules <= arena_limit.
 *
 * cn_region_init runs once, before any other function. Growing takes `lock`; everything else only reads.
 */
#ifndef CN_REGION_H
#define CN_REGION_H

#include <stdatomic.h>

#include "hooks.h"
#include "layout.h"
#include "lock.h"

struct cn_pool;

/* An entry of the table of arenas; arena.h says what it means. */
struct cn_arena {
    _Atomic uint64_t used;     /* acquire on take pairs with release on give: the tables' entries change hands */
    _Atomic uint64_t dirty;    /* may hold bytes that are not zero */
    _Atomic uint64_t purged;   /* held memory once, and were purged since */
    _Atomic bool is_committed; /* written under the region's lock, or by the owner of all its slots */
    _Atomic bool has_notes;    /* its notes are accessible, and stay so; written under the region's lock */
    char padding[38];
};
_Static_assert(sizeof(struct cn_arena) == 64, "one cache line an arena");

enum {
    CN_TABLE_OWNER,
    CN_TABLE_POOLS,
    CN_TABLE_FITS,
    CN_TABLE_ARENAS,
    CN_TABLE_LIVE,
    CN_TABLE_REMOTE,
    CN_TABLE_SLACK,
    CN_TABLE_NOTES,
    CN_TABLE_COUNT
};

struct cn_table {
    char *start;
    size_t committed_bytes;
};

struct cn_region {
    /* On one cache line: read on the hot path; written once by cn_region_init, but for granules. */
    _Alignas(64) char *base;
    _Atomic size_t granules; /* pairs with nothing: it is a bound, and an owner of a block is already within it */
    _Atomic uint64_t *live;
    _Atomic uint64_t *live_at_zero; /* the live word of address 0, if there were one: see cn_live_put */
    _Atomic uintptr_t *owner;

    _Atomic uint64_t *remote;
    struct cn_pool *pools;
    struct cn_arena *arenas;
    _Atomic uint64_t *fits;
    _Atomic uint16_t *slack; /* accessible only once it is enabled */
    char *notes;             /* CN_NOTES_SLOT_BYTES a slot */
    char *heaps;
    size_t arena_limit;
    _Atomic size_t arena_count; /* arenas handed out so far; release on growth, acquire where arenas are searched */

    struct cn_lock lock; /* guards tables, and committing arenas */
    struct cn_table tables[CN_TABLE_COUNT];
    bool slack_is_enabled; /* written under lock, before there is a second thread */
};

extern struct cn_region cn_region CN_HIDDEN;

void cn_region_init(void);

/* Appends `count` arenas to the region and returns the first one's index; their slots are all taken (arena.h), their
 * memory is not accessible yet. SIZE_MAX where the region is at its limit or a table cannot grow. */
size_t cn_region_grow(size_t count);

/* As cn_region_grow, but only where the first new arena would be `first`. False otherwise. */
bool cn_region_grow_at(size_t first, size_t count);

/* Makes the table of slack accessible, as far as the others are; false where the system refuses. */
bool cn_region_enable_slack(void);

/* The bytes of tables that are in memory. */
size_t cn_region_table_bytes(void);

/* In the child of a fork. */
void cn_region_after_fork(void);

/* Panics where R1 or R2 does not hold. */
void cn_region_check(void);

CN_INLINE char *cn_slot_address(size_t slot) { return cn_region.base + (slot << CN_SLOT_SHIFT); }
CN_INLINE char *cn_arena_address(size_t arena) { return cn_region.base + (arena << CN_ARENA_SHIFT); }

CN_INLINE char *cn_slot_notes(size_t slot) { return cn_region.notes + slot * CN_NOTES_SLOT_BYTES; }

/* The granule of an address. Outside the accessible region, and between granules, it is >= granules: the low bits of
 * the distance land at the top. */
CN_INLINE size_t cn_granule_of(const void *address) {
    return cn_rotate_right((uintptr_t)address - (uintptr_t)cn_region.base, CN_GRANULE_SHIFT);
}
CN_INLINE size_t cn_slot_of_granule(size_t granule) { return granule >> (CN_SLOT_SHIFT - CN_GRANULE_SHIFT); }

CN_INLINE bool cn_region_covers(size_t granule) {
    return granule < atomic_load_explicit(&cn_region.granules, memory_order_relaxed);
}

#endif
