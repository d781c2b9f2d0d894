/*
 * live.c: workloads on a large set of live blocks: one block, chosen at random, is freed and another one takes its
 * place. The set is built before the clock starts, and each cell is replaced in random order, so that the blocks of
 * the set lie about as they do in a program that has run for a while.
 */
#include "workload.h"

static void cells_fill(struct cell *cells, uint32_t cell_count) {
    for (uint32_t i = 0; i < cell_count; i++) {
        cell_fill(&cells[i], program_size(i));
    }
}

static void cells_empty(struct cell *cells, uint32_t cell_count) {
    for (uint32_t i = 0; i < cell_count; i++) {
        cell_empty(&cells[i]);
    }
}

static void cells_stir(struct cell *cells, uint32_t cell_count, uint64_t times, struct dice *dice) {
    for (uint64_t i = 0; i < times; i++) {
        cell_replace(&cells[dice_below(dice, cell_count)], program_size(i));
    }
}

static void replace_of(struct run *run, uint32_t cell_count) {
    struct dice dice = {0x853c49e6748fea9bu};
    size_t table_bytes = cell_count * sizeof(struct cell);
    struct cell *cells = table_map(table_bytes);
    cells_fill(cells, cell_count);
    cells_stir(cells, cell_count, cell_count / 2, &dice);
    run_begin(run);
    cells_stir(cells, cell_count, run->count, &dice);
    run_end(run);
    cells_empty(cells, cell_count);
    table_unmap(cells, table_bytes);
}

static void replace_10k(struct run *run) { replace_of(run, 10000); }

static void replace_300k(struct run *run) { replace_of(run, 300000); }

static void replace_3m(struct run *run) { replace_of(run, 3000000); }

/* Thirty-two buffers of 64 KiB to 1 MiB; each new one is written page by page at its front, as by a reader. */
static void large(struct run *run) {
    enum { CELL_COUNT = 32, LEAST_BYTES = 64 * 1024, MOST_BYTES = 1024 * 1024, WRITTEN_BYTES = 16 * 1024 };
    struct dice dice = {0xcafef00dd15ea5e5u};
    struct cell cells[CELL_COUNT];
    for (size_t i = 0; i < CELL_COUNT; i++) {
        cell_fill(&cells[i], LEAST_BYTES);
    }
    run_begin(run);
    for (uint64_t i = 0; i < run->count; i++) {
        struct cell *cell = &cells[dice_below(&dice, CELL_COUNT)];
        cell_replace(cell, LEAST_BYTES + dice_below(&dice, MOST_BYTES - LEAST_BYTES));
        for (size_t at = 4096; at < WRITTEN_BYTES; at += 4096) {
            cell->block[at] = 1;
        }
    }
    run_end(run);
    cells_empty(cells, CELL_COUNT);
}

/* Wave after wave of some 20 MiB, as of requests: all of a wave's blocks go at its end, but one of 64 stays for four waves. */
static void waves(struct run *run) {
    enum { WAVE_BLOCKS = 5000, LEAST_BYTES = 16, MOST_BYTES = 8000, SHARE = 64, KEPT = WAVE_BLOCKS / SHARE * 4 };
    struct dice dice = {0x9e3779b97f4a7c15u};
    struct cell cells[WAVE_BLOCKS];
    struct cell kept[KEPT];
    size_t oldest = 0;
    run->count -= run->count % WAVE_BLOCKS;
    for (size_t i = 0; i < KEPT; i++) {
        cell_fill(&kept[i], LEAST_BYTES);
    }
    run_begin(run);
    for (uint64_t done = 0; done < run->count; done += WAVE_BLOCKS) {
        for (size_t i = 0; i < WAVE_BLOCKS; i++) {
            cell_fill(&cells[i], LEAST_BYTES + dice_below(&dice, MOST_BYTES - LEAST_BYTES));
        }
        for (size_t i = 0; i < WAVE_BLOCKS; i++) {
            if (i % SHARE == 0) {
                cell_empty(&kept[oldest]);
                kept[oldest] = cells[i];
                oldest = (oldest + 1) % KEPT;
            } else {
                cell_empty(&cells[i]);
            }
        }
    }
    run_end(run);
    cells_empty(kept, KEPT);
}

const struct workload live_workloads[] = {
    {"replace-10k", "a random one of 10 thousand live blocks replaced", 10000000, replace_10k},
    {"replace-300k", "a random one of 300 thousand", 4000000, replace_300k},
    {"replace-3m", "a random one of 3 million", 2000000, replace_3m},
    {"waves", "a block of 16-8000 B in waves of 20 MiB, few survive", 2000000, waves},
    {"large", "a buffer of 64 KiB-1 MiB replaced, 32 live", 300000, large},
    {NULL, NULL, 0, NULL},
};
