/*
 * pairs.c: workloads whose blocks live for a moment: a block is taken, marked, checked and freed at once or soon.
 * The "bare" ones only take and free; they are there to count instructions.
 */
#define _GNU_SOURCE

#include "workload.h"

#include <malloc.h>
#include <string.h>

static void bare_pair_64(struct run *run) {
    run_begin(run);
    for (uint64_t i = 0; i < run->count; i++) {
        void *block = malloc(64);
        escape(block);
        free(block);
    }
    run_end(run);
}

/* As servers that count their memory do. */
static void bare_usable_64(struct run *run) {
    run_begin(run);
    for (uint64_t i = 0; i < run->count; i++) {
        void *block = malloc(64);
        if (malloc_usable_size(block) < 64) {
            fail("a block is smaller than was asked for");
        }
        escape(block);
        if (malloc_usable_size(block) < 64) {
            fail("a block has become smaller");
        }
        free(block);
    }
    run_end(run);
}

static void pair_of(struct run *run, size_t size) {
    run_begin(run);
    for (uint64_t i = 0; i < run->count; i++) {
        unsigned char *block = block_take(size, i);
        block_give(block, size, i);
    }
    run_end(run);
}

static void pair_64(struct run *run) { pair_of(run, 64); }

static void pair_64k(struct run *run) { pair_of(run, 65536); }

/* A thousand blocks stay live while pairs of all sizes come and go. */
static void pair_mixed(struct run *run) {
    enum { KEPT_COUNT = 1000 };
    struct cell *kept = table_map(KEPT_COUNT * sizeof *kept);
    for (size_t i = 0; i < KEPT_COUNT; i++) {
        cell_fill(&kept[i], small_size(i));
    }
    run_begin(run);
    for (uint64_t i = 0; i < run->count; i++) {
        size_t size = small_size(i);
        unsigned char *block = block_take(size, i);
        block_give(block, size, i);
    }
    run_end(run);
    for (size_t i = 0; i < KEPT_COUNT; i++) {
        cell_empty(&kept[i]);
    }
}

static void calloc_64(struct run *run) {
    run_begin(run);
    for (uint64_t i = 0; i < run->count; i++) {
        unsigned char *block = calloc(4, 16);
        if (block == NULL) {
            fail("out of memory");
        }
        escape(block);
        block_check(block, 64, 0);
        block_mark(block, 64, i | 1); /* dirty for the next turn */
        free(block);
    }
    run_end(run);
}

/* Arrays of 8 to 8,192 words, short ones as often as long ones; each is seen to be zero at its ends and in its middle,
 * and is then filled. */
static void calloc_array(struct cell *cell, uint32_t roll) {
    size_t count = (size_t)8 << roll % 10;
    count += (roll >> 8) % count;
    uint64_t *array = calloc(count, sizeof *array);
    if (array == NULL) {
        fail("out of memory");
    }
    if ((array[0] | array[count / 2] | array[count - 1]) != 0) {
        fail("calloc gave a block that is not zero");
    }
    memset(array, (int)(count * sizeof *array % 251), count * sizeof *array);
    escape(array);
    cell->block = (unsigned char *)array;
    cell->size = count * sizeof *array;
}

static void calloc_array_end(struct cell *cell) {
    block_give(cell->block, cell->size, cell->size % 251);
    cell->block = NULL;
}

static void calloc_arrays(struct run *run) {
    enum { CELL_COUNT = 64 };
    struct dice dice = {0xbb67ae8584caa73bu};
    struct cell cells[CELL_COUNT];
    for (size_t i = 0; i < CELL_COUNT; i++) {
        calloc_array(&cells[i], dice_roll(&dice));
    }
    run_begin(run);
    for (uint64_t i = 0; i < run->count; i++) {
        uint32_t roll = dice_roll(&dice);
        struct cell *cell = &cells[(roll >> 24) % CELL_COUNT];
        calloc_array_end(cell);
        calloc_array(cell, roll);
    }
    run_end(run);
    for (size_t i = 0; i < CELL_COUNT; i++) {
        calloc_array_end(&cells[i]);
    }
}

static void bare_calloc_64(struct run *run) {
    run_begin(run);
    for (uint64_t i = 0; i < run->count; i++) {
        void *block = calloc(4, 16);
        escape(block);
        free(block);
    }
    run_end(run);
}

static void bare_aligned(struct run *run) {
    run_begin(run);
    for (uint64_t i = 0; i < run->count; i++) {
        void *block = NULL;
        if (posix_memalign(&block, 64, 100) != 0) {
            fail("posix_memalign gave no block");
        }
        free(block);
    }
    run_end(run);
}

/* Numbers of an arithmetic program: tiny blocks, each freed two to nine blocks after it was taken. */
static void tiny_flood(struct run *run) {
    enum { WINDOW = 8 };
    struct dice dice = {0x9e3779b97f4a7c15u};
    struct cell window[WINDOW];
    for (size_t i = 0; i < WINDOW; i++) {
        cell_fill(&window[i], 16);
    }
    run_begin(run);
    for (uint64_t i = 0; i < run->count; i++) {
        uint32_t roll = dice_roll(&dice);
        cell_replace(&window[roll % WINDOW], 8 + (roll >> 16) % 41);
    }
    run_end(run);
    for (size_t i = 0; i < WINDOW; i++) {
        cell_empty(&window[i]);
    }
}

static void aligned_fill(struct cell *cell, uint32_t roll) {
    size_t alignment = (size_t)32 << roll % 8;
    size_t size = (roll >> 8) % 1024 | 1; /* odd, so never the alignment: README.md says why */
    void *block = NULL;
    if (posix_memalign(&block, alignment, size) != 0 || (uintptr_t)block % alignment != 0) {
        fail("posix_memalign gave no block, or one that is not aligned");
    }
    cell->block = block_mark(block, size, size);
    cell->size = size;
}

/* Alignments of 32 to 4,096 bytes, odd sizes up to 1,023, among 64 live blocks. */
static void aligned(struct run *run) {
    enum { CELL_COUNT = 64 };
    struct dice dice = {0x2545f4914f6cdd1du};
    struct cell cells[CELL_COUNT];
    for (size_t i = 0; i < CELL_COUNT; i++) {
        aligned_fill(&cells[i], dice_roll(&dice));
    }
    run_begin(run);
    for (uint64_t i = 0; i < run->count; i++) {
        struct cell *cell = &cells[i % CELL_COUNT];
        cell_empty(cell);
        aligned_fill(cell, dice_roll(&dice));
    }
    run_end(run);
    for (size_t i = 0; i < CELL_COUNT; i++) {
        cell_empty(&cells[i]);
    }
}

const struct workload pair_workloads[] = {
    {"pair-64", "malloc(64) and free", 40000000, pair_64},
    {"pair-mixed", "malloc of 8-1024 B and free, 1,000 blocks live", 20000000, pair_mixed},
    {"pair-64k", "malloc(65536) and free", 10000000, pair_64k},
    {"calloc-64", "calloc(4, 16) and free", 20000000, calloc_64},
    {"calloc-arrays", "an array of 64 B-64 KiB by calloc, filled, 64 live", 300000, calloc_arrays},
    {"tiny-flood", "a tiny block that lives for some 8 others", 20000000, tiny_flood},
    {"aligned", "posix_memalign to 32-4096 B and free", 5000000, aligned},
    {"bare-pair-64", "malloc(64) and free, untouched", 40000000, bare_pair_64},
    {"bare-usable-64", "malloc(64), its usable size twice, free, untouched", 20000000, bare_usable_64},
    {"bare-calloc-64", "calloc(4, 16) and free, untouched", 20000000, bare_calloc_64},
    {"bare-aligned", "posix_memalign(64, 100) and free, untouched", 20000000, bare_aligned},
    {NULL, NULL, 0, NULL},
};
