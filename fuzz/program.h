/*
 * program.h: what the bytes of an input mean: a sequence of operations on an allocator.
 *
 * An operation is four bytes, so that every input is well formed, a change of one byte changes one operation in one
 * respect, and cutting, repeating and moving bytes (which every fuzzer does) cuts, repeats and moves operations:
 *
 *   byte 0   low six bits: the kind, by a table in which frequent kinds have more places; high two: the flavour, for
 *            most kinds the heap
 *   byte 1   low five bits: the slot, that is the variable that holds the block; high three: `extra`, for example which
 *            alignment, or how many
 *   byte 2   which kind of size, and how far from the boundary
 *   byte 3   which size of that kind
 *
 * Sizes are such that boundaries are hit often: those of size classes, pages, slots and arenas, each plus or minus a
 * little; 0; and sizes that no system has. A last operation of less than four bytes is left out.
 *
 * Nothing here depends on what an operation returned, or has any state: play.h runs operations, print.h prints them.
 */
#ifndef CAIRN_FUZZ_PROGRAM_H
#define CAIRN_FUZZ_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CN_OPERATION_BYTES = 4,
    CN_PROGRAM_OPERATIONS = 2000, /* what follows is left out */
    CN_PROGRAM_SLOTS = 32,
    CN_PROGRAM_HEAPS = 4, /* the default heap, number 0, and named ones */
    CN_PROGRAM_THREADS = 4,
    CN_PROGRAM_CLASSES = 80,
};

/* What a harness makes of flavours and hand-overs. */
enum cn_program_shape {
    CN_PROGRAM_SEQUENCE,  /* one thread; of four allocations three are from the default heap */
    CN_PROGRAM_HEAPS_ALL, /* one thread; named heaps only */
    CN_PROGRAM_CREW,      /* several threads; heaps as in a sequence */
};

enum cn_operation_kind {
    CN_OP_MALLOC,
    CN_OP_CALLOC,
    CN_OP_ALIGNED_ALLOC,
    CN_OP_REALLOC,
    CN_OP_REALLOCARRAY,
    CN_OP_FREE,
    CN_OP_FREE_SIZED,
    CN_OP_FREE_SOME, /* every count-th slot, from `slot` on */
    CN_OP_USABLE_SIZE,
    CN_OP_WRITE,
    CN_OP_BURST,      /* `count` blocks of one size, kept apart from the slots */
    CN_OP_BURST_FREE, /* some of these, by `extra` and `count` */
    CN_OP_HEAP_CREATE,
    CN_OP_HEAP_DESTROY,
    CN_OP_HAND_OVER,  /* what follows is done by another thread */
    CN_OP_THREAD_END, /* the same, and the thread so far ends */
    CN_OP_CHECK,
    CN_OP_WALK,
    CN_OP_WALK_AND_FREE,
    CN_OP_STATS,
    CN_OP_HEAP_STATS,
    CN_OP_TRIM,
    CN_OP_START_OVER, /* all is freed, and must be given back */
    CN_OP_KINDS,
};

/* Fields that a kind has no use for hold something all the same. */
struct cn_operation {
    enum cn_operation_kind kind;
    unsigned heap; /* below CN_PROGRAM_HEAPS; a named heap that is not there is created first, without a budget */
    unsigned slot;
    unsigned thread; /* below CN_PROGRAM_THREADS */
    unsigned extra;  /* 0 to 7 */
    size_t size;     /* of CN_OP_HEAP_CREATE the budget */
    size_t count;    /* of elements, for calloc and reallocarray; of blocks */
    size_t alignment;
};

/* How many operations an input of `size` bytes holds. */
size_t cn_program_length(size_t size);

/* The operation number `index`, below that length. */
struct cn_operation cn_program_operation(const uint8_t *data, size_t index, enum cn_program_shape shape);

/* The kind alone. */
enum cn_operation_kind cn_program_kind(const uint8_t *operation);

/* The bytes that it asks for; SIZE_MAX where the product overflows. */
size_t cn_operation_bytes(const struct cn_operation *operation);

#endif
