/*
 * workload.h: what all workloads share: the clock, the dice, the sizes, and blocks that are written and checked.
 *
 * A workload is a function that does `run->count` operations between run_begin() and run_end(). What lies outside the
 * two is preparation and is not timed. Every block that it takes is marked in its first and last byte and checked
 * before it is freed, as a program writes and reads what it asks for. The workload's own tables come from table_map(),
 * never from the allocator under test, so that they are the same under every allocator.
 *
 * Used by the programs of this folder only. The allocator is whatever malloc, free and their kin resolve to.
 */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

struct run {
    uint64_t count;      /* operations to do: set by the caller, rounded by the workload to what it really does */
    unsigned threads;    /* for the workloads with threads */
    uint64_t started_ns; /* monotonic clock at run_begin() */
    uint64_t elapsed_ns; /* set by run_end() */
};

struct workload {
    const char *name;
    const char *what;          /* one operation, in words */
    uint64_t count;            /* operations of a full run: some tenths of a second under a fast allocator */
    void (*run)(struct run *); /* the workload itself */
};

/* The tables of workloads; each ends with a NULL name. */
extern const struct workload pair_workloads[];
extern const struct workload batch_workloads[];
extern const struct workload live_workloads[];
extern const struct workload grow_workloads[];
extern const struct workload parse_workloads[];
extern const struct workload thread_workloads[];
extern const struct workload exchange_workloads[];

/* All tables of the program; ends with NULL. (tables.c or objects.cc) */
extern const struct workload *const workload_tables[];

/* ---- clock and memory ---------------------------------------------------------------------------------------- */

uint64_t now_ns(void);
void run_begin(struct run *run);
void run_end(struct run *run);

/* Zeroed memory straight from the system, all its pages present. Never NULL: ends the program instead. */
void *table_map(size_t size_bytes);
void table_unmap(void *table, size_t size_bytes);

/* The figure after `field` in a file of /proc, read without the allocator; 0 if it is not there. */
uint64_t proc_kib(const char *path, const char *field);

/* The file that malloc comes from: shows whether a preload took. (origin.c) */
const char *malloc_origin(void);

/* Reads a whole decimal number; false if `text` is not one. */
bool number_parse(const char *text, uint64_t *number);

/* Ends the program with a message. */
__attribute__((noreturn)) void fail(const char *message);

/* ---- dice ---------------------------------------------------------------------------------------------------- */

/* A small generator (xorshift), so that a run is the same every time and its cost is a nanosecond. */
struct dice {
    uint64_t state; /* never 0 */
};

static inline uint32_t dice_roll(struct dice *dice) {
    uint64_t x = dice->state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    dice->state = x;
    return (uint32_t)(x >> 32);
}

/* A number below `limit`. */
static inline uint32_t dice_below(struct dice *dice, uint32_t limit) {
    return (uint32_t)((uint64_t)dice_roll(dice) * limit >> 32);
}

/* ---- sizes --------------------------------------------------------------------------------------------------- */

enum { SIZE_TABLE_COUNT = 4096 }; /* a power of two: 16 KiB of sizes, drawn in turn */

/* Sizes as programs ask for them: half up to 32 bytes, nine of ten up to 256, one of 500 between 4 and 32 KiB. */
extern uint32_t program_sizes[SIZE_TABLE_COUNT];
/* The same without what is larger than 1 KiB. */
extern uint32_t small_sizes[SIZE_TABLE_COUNT];

void sizes_init(void);

static inline uint32_t program_size(uint64_t turn) { return program_sizes[turn % SIZE_TABLE_COUNT]; }

static inline uint32_t small_size(uint64_t turn) { return small_sizes[turn % SIZE_TABLE_COUNT]; }

/* ---- blocks -------------------------------------------------------------------------------------------------- */

/* The compiler may not assume anything about the block or what lies in it. */
static inline void escape(void *block) { __asm__ volatile("" : : "r"(block) : "memory"); }

/* Marks a fresh block in its first and last byte; NULL ends the program. */
static inline unsigned char *block_mark(void *fresh, size_t size, uint64_t tag) {
    unsigned char *block = (unsigned char *)fresh;
    if (block == NULL) {
        fail("out of memory");
    }
    block[0] = (unsigned char)tag;
    block[size - 1] = (unsigned char)tag;
    escape(block);
    return block;
}

static inline unsigned char *block_take(size_t size, uint64_t tag) { return block_mark(malloc(size), size, tag); }

static inline void block_check(const unsigned char *block, size_t size, uint64_t tag) {
    if (block[0] != (unsigned char)tag || block[size - 1] != (unsigned char)tag) {
        fail("a block does not hold what was written to it");
    }
}

static inline void block_give(unsigned char *block, size_t size, uint64_t tag) {
    block_check(block, size, tag);
    free(block);
}

/* A block that a table holds. Its mark is the low byte of its size. */
struct cell {
    unsigned char *block; /* NULL: none */
    size_t size;
};

static inline void cell_fill(struct cell *cell, size_t size) {
    cell->block = block_take(size, size);
    cell->size = size;
}

static inline void cell_empty(struct cell *cell) {
    block_give(cell->block, cell->size, cell->size);
    cell->block = NULL;
}

static inline void cell_replace(struct cell *cell, size_t size) {
    cell_empty(cell);
    cell_fill(cell, size);
}

#ifdef __cplusplus
}
#endif

#endif
