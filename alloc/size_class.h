/*
 * size_class.h: which block size a request gets.
 *
 * Requests up to 128 bytes are rounded up to a multiple of 16; above that each doubling is cut into 8 classes, so that
 * at most 12.5 % of a block that malloc gives is waste:
 *
 *   class   0  1  2 ..   7 |   8   9 ..  15 |  16  17 ..  23 | ... |    72 ..    79
 *   bytes  16 32 48 .. 128 | 144 160 .. 256 | 288 320 .. 512 | ... | 36864 .. 65536
 *
 * S1  class_of(n) is the least class whose blocks hold n bytes.
 * S2  A pool of any class holds at least 8 blocks. It wastes at most 1/32 of itself at its end, or, where it has
 *     CN_POOL_SLOTS_MAX slots, less than 1/11.
 * S3  Every block size is a multiple of the granule.
 * S4  All magazines have room in a heap: their entries and sentinels are at most CN_MAGAZINE_ENTRIES.
 * S5  A class keeps a request of n bytes exactly where it is class_of(n), class_of(with_room(n)), or one between them.
 */
#ifndef CN_SIZE_CLASS_H
#define CN_SIZE_CLASS_H

#include "layout.h"

enum {
    CN_CLASS_LINEAR_COUNT = CN_CLASS_LINEAR_MAX_BYTES >> CN_CLASS_LINEAR_SHIFT,
    CN_CLASS_INVERSE_SHIFT = 31,
};

struct cn_class {
    uint32_t block_bytes;
    uint16_t block_granules;
    uint16_t pool_slots;
    uint32_t pool_blocks;
    uint32_t inverse;         /* 2^CN_CLASS_INVERSE_SHIFT / block_granules, rounded up: see cn_class_block_at */
    uint32_t least_bytes;     /* the least request that it keeps; see cn_class_keeps */
    uint16_t magazine_blocks; /* capacity of a magazine */
    uint16_t magazine_offset; /* where its entries lie among those of its heap, counted in entries */
    uint64_t starts;          /* where blocks start in a bitmap word whose first granule starts one */
};

struct cn_class_table {
    size_t small_end;                            /* requests below are looked up in `small`; 0 until cn_class_open */
    uint8_t small[CN_CLASS_TABLE_MAX_BYTES + 1]; /* by the request in bytes: CN_MAGAZINE_WORDS times the class */
    struct cn_class classes[CN_CLASS_COUNT];
};

/* Filled by cn_class_init; all zero before, when there is no heap with a block in it either. */
extern struct cn_class_table cn_class_table CN_HIDDEN;

void cn_class_init(void);

/* From now on the hot path looks requests up. To be called when the library is loaded: the thread-local variables of
 * all threads have their initial values then. */
void cn_class_open(void);

CN_INLINE const struct cn_class *cn_class_at(unsigned class_index) { return &cn_class_table.classes[class_index]; }

/* The index of the block around a pool's byte. A product in place of a division: it is right up to 2^15 granules, since
 * what the inverse is too large by makes less than 2^15 / 2^31 then, and a block is no more than 2^12 granules. */
CN_INLINE uint32_t cn_class_block_at(const struct cn_class *class, size_t byte) {
    return (uint32_t)((byte >> CN_GRANULE_SHIFT) * class->inverse >> CN_CLASS_INVERSE_SHIFT);
}

/* The class of a request of at most CN_CLASS_TABLE_MAX_BYTES. */
CN_INLINE unsigned cn_class_of_small(size_t bytes) { return cn_class_table.small[bytes] / CN_MAGAZINE_WORDS; }

/* The class of a request of at most CN_BLOCK_MAX_BYTES. */
CN_INLINE unsigned cn_class_of(size_t bytes) {
    if (bytes <= CN_CLASS_LINEAR_MAX_BYTES) {
        return bytes == 0 ? 0 : (unsigned)((bytes - 1) >> CN_CLASS_LINEAR_SHIFT);
    }
    unsigned doubling = 63 - cn_clz(bytes - 1); /* 2^doubling < bytes <= 2^(doubling + 1); 7 for the first */
    return (doubling - 7) * 8 + (unsigned)((bytes - 1) >> (doubling - 3));
}

/* What is asked for in place of `bytes` where a block grows little by little, as by appending: a quarter more. */
CN_INLINE size_t cn_class_with_room(size_t bytes) { return cn_min(bytes + bytes / 4, CN_BLOCK_MAX_BYTES); }

/* Whether a block of the class stays where it is when it is resized to `bytes`, which is not 0. */
CN_INLINE bool cn_class_keeps(unsigned class_index, size_t bytes) {
    const struct cn_class *class = cn_class_at(class_index);
    return bytes - class->least_bytes <= class->block_bytes - class->least_bytes;
}

/* The least class that holds `bytes` in blocks at multiples of `alignment` (a power of two), both at most
 * CN_BLOCK_MAX_BYTES. Pools start at multiples of that, so the block size must be a multiple of the alignment: it
 * is, for `bytes` rounded up to one. For a class's size is a multiple of its doubling's step; an alignment below the
 * step divides that, and a multiple of one that is not below it is a class's size itself. */
CN_INLINE unsigned cn_class_of_aligned(size_t bytes, size_t alignment) {
    return cn_class_of(cn_round_up(cn_max(bytes, 1), alignment));
}

#endif
