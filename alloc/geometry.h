/*
 * geometry.h: the numbers that the core can be built with, and nothing else: how the address space is cut, and how much
 * is kept at hand. What follows from them is in layout.h, with the diagram. Other numbers than these are in
 * fuzz/tiny/geometry.h, for a core so small that all of its states can be tried.
 */
#ifndef CN_GEOMETRY_H
#define CN_GEOMETRY_H

enum {
    CN_GRANULE_SHIFT = 4,
    CN_SLOT_WORDS_SHIFT = 6,  /* bitmap words a slot */
    CN_ARENA_SLOTS_SHIFT = 6, /* slots an arena */
    CN_FIT_LEVELS = 7,        /* runs of 1, 2, 4 ... 64 slots */

    CN_HEAP_SHIFT = 16,
    CN_HEAP_LIMIT = 32768,         /* heaps of threads and named heaps together */
    CN_DIRECT_ENTRIES = 1 << 17,   /* blocks outside the region: twice what a process can map by default */
    CN_GROW_ARENAS = 16,           /* tables are made accessible for so many arenas at a time */
    CN_MOVE_MIN_BYTES = 1 << 20,   /* from here on moving pages is cheaper than copying them */
    CN_CLEAR_MAX_BYTES = 32 << 20, /* what is longer is given back to be zero, as by glibc, not written */

    CN_CLASS_COUNT = 80,
    CN_CLASS_LINEAR_SHIFT = CN_GRANULE_SHIFT, /* the first classes are multiples of so many bytes ... */
    CN_CLASS_LINEAR_MAX_BYTES = 128,          /* ... up to here */
    CN_CLASS_TABLE_MAX_BYTES = 1024,          /* requests up to here are looked up, not computed */
    CN_BLOCK_MAX_BYTES = 65536,               /* the largest block of a pool */

    CN_POOL_SLOTS_MAX = 8,
    CN_POOL_MIN_BLOCKS = 16, /* a pool has so many blocks, unless that takes more than CN_POOL_SLOTS_MAX slots */

    CN_MAGAZINE_BYTES = 32 << 10, /* a magazine holds so much of one class, within bounds */
    CN_MAGAZINE_MIN_BLOCKS = 8,
    CN_MAGAZINE_MAX_BLOCKS = 1024,
    CN_MAGAZINE_ENTRIES = 7500, /* of all magazines of a heap */

    /* Empty pools are kept for the heap's next use up to so many bytes, or a share of what it holds. */
    CN_SPARE_MIN_BYTES = 2 << 20,
    /* Pools are searched for empty pages when so much has become idle since the last search, or a share of what is
     * in use. */
    CN_SEARCH_MIN_BYTES = 4 << 20,
    /* Free slots hold memory up to so many bytes, and a share of what is in use. */
    CN_RETAIN_MIN_BYTES = 8 << 20,
    /* A purge frees at least so much, to be worth its system calls. */
    CN_PURGE_BATCH_BYTES = 2 << 20
};

/* Its argument once for each class, as in an initialiser. */
#define CN_EIGHT_TIMES(...)                                                                                            \
    __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__
#define CN_TEN_TIMES(...) CN_FIVE_TIMES(__VA_ARGS__), CN_FIVE_TIMES(__VA_ARGS__)
#define CN_FIVE_TIMES(...) __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__
#define CN_FOR_EACH_CLASS(...) CN_TEN_TIMES(CN_EIGHT_TIMES(__VA_ARGS__))

/* The region's size: so many times the physical memory, within these bounds; halved until the system grants it. */
#define CN_REGION_PER_MEMORY ((size_t)16)
#define CN_REGION_MIN_BYTES ((size_t)64 << 20)
#define CN_REGION_MAX_BYTES ((size_t)16 << 40)

#endif
