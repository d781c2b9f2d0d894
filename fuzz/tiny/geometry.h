/*
 * geometry.h: in place of alloc/geometry.h, for a core so small that all that can be done with it in a few calls can be
 * tried: two size classes, of 256 and 512 bytes; pools of four blocks, in one slot or two; two arenas of eight slots of
 * 1 KiB. It is compiled with `-include` of this header, whose guard is the other's. The names are explained there.
 */
#ifndef CN_GEOMETRY_H
#define CN_GEOMETRY_H

enum {
    CN_GRANULE_SHIFT = 4,
    CN_SLOT_WORDS_SHIFT = 0,
    CN_ARENA_SLOTS_SHIFT = 3,
    CN_FIT_LEVELS = 4,

    CN_HEAP_SHIFT = 10,
    CN_HEAP_LIMIT = 4,
    CN_DIRECT_ENTRIES = 16,
    CN_GROW_ARENAS = 1,
    CN_MOVE_MIN_BYTES = 2048,
    CN_CLEAR_MAX_BYTES = 2048,

    CN_CLASS_COUNT = 2,
    CN_CLASS_LINEAR_SHIFT = 8,
    CN_CLASS_LINEAR_MAX_BYTES = 512,
    CN_CLASS_TABLE_MAX_BYTES = 300,
    CN_BLOCK_MAX_BYTES = 512,

    CN_POOL_SLOTS_MAX = 2,
    CN_POOL_MIN_BLOCKS = 4,

    CN_MAGAZINE_BYTES = 512,
    CN_MAGAZINE_MIN_BLOCKS = 2,
    CN_MAGAZINE_MAX_BLOCKS = 2,
    CN_MAGAZINE_ENTRIES = 6,

    CN_SPARE_MIN_BYTES = 1024,
    CN_SEARCH_MIN_BYTES = 1024,
    CN_RETAIN_MIN_BYTES = 1024,
    CN_PURGE_BATCH_BYTES = 1024
};

#define CN_FOR_EACH_CLASS(...) __VA_ARGS__, __VA_ARGS__

#define CN_REGION_PER_MEMORY ((size_t)1)
#define CN_REGION_MIN_BYTES ((size_t)16 << 10)
#define CN_REGION_MAX_BYTES ((size_t)16 << 10)

#endif
