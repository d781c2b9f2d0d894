/*
 * threads.c: workloads with threads that have nothing to do with each other, or only what they leave behind. The time
 * is the wall time from the start of all threads to the end of the last, divided by the operations of all threads
 * together: with one core for each thread, two that do not hinder each other show half the figure of one.
 */
#include "worker.h"

/* Each thread gets its share of `all` cells: how much is live, and so how much of it the caches hold, does not
 * depend on the number of threads. */
static void cells_map(const struct run *run, uint32_t all) {
    for (unsigned i = 0; i < run->threads; i++) {
        workers[i].cell_count = all / run->threads;
        workers[i].cells = table_map(workers[i].cell_count * sizeof(struct cell));
    }
}

static void cells_end(const struct run *run) {
    for (unsigned i = 0; i < run->threads; i++) {
        struct worker *worker = &workers[i];
        for (size_t k = 0; k < worker->cell_count; k++) {
            if (worker->cells[k].block != NULL) {
                cell_empty(&worker->cells[k]);
            }
        }
        table_unmap(worker->cells, worker->cell_count * sizeof(struct cell));
    }
}

/* ---- a server's generations ---------------------------------------------------------------------------------- */

enum { SERVER_CELLS = 10000, GENERATION_COUNT = 50000 };

/* One generation: replaces blocks that earlier threads took, and ends; its blocks outlive it. */
static void *generation_main(void *argument) {
    struct worker *worker = argument;
    uint64_t turns = worker->count < GENERATION_COUNT ? worker->count : GENERATION_COUNT;
    for (uint64_t i = 0; i < turns; i++) {
        struct cell *cell = &worker->cells[dice_below(&worker->dice, worker->cell_count)];
        cell_replace(cell, 10 + dice_below(&worker->dice, 490));
    }
    worker->count -= turns;
    return NULL;
}

/* Starts generation after generation; waits meanwhile. */
static void *dynasty_main(void *argument) {
    struct worker *worker = argument;
    while (worker->count > 0) {
        struct worker generation = *worker;
        worker_start(&generation, generation_main);
        worker_join(&generation);
        worker->count = generation.count;
        worker->dice = generation.dice;
    }
    return NULL;
}

static void server(struct run *run) {
    workers_init(run);
    cells_map(run, SERVER_CELLS);
    for (unsigned i = 0; i < run->threads; i++) {
        for (size_t k = 0; k < workers[i].cell_count; k++) {
            cell_fill(&workers[i].cells[k], 10 + k % 490);
        }
    }
    workers_run(run, dynasty_main);
    cells_end(run);
}

/* ---- independent churn --------------------------------------------------------------------------------------- */

enum { CHURN_CELLS = 20000 };

static void *churn_main(void *argument) {
    struct worker *worker = argument;
    for (uint64_t i = 0; i < worker->cell_count; i++) {
        cell_fill(&worker->cells[i], program_size(i));
    }
    for (uint64_t i = worker->cell_count; i < worker->count; i++) {
        cell_replace(&worker->cells[dice_below(&worker->dice, worker->cell_count)], program_size(i));
    }
    return NULL;
}

static void churn(struct run *run) {
    workers_init(run);
    cells_map(run, CHURN_CELLS);
    workers_run(run, churn_main);
    cells_end(run);
}

/* ---- threads that come and go -------------------------------------------------------------------------------- */

enum { SHORT_CELLS = 200 };

static void *short_main(void *argument) {
    (void)argument;
    struct cell cells[SHORT_CELLS];
    for (size_t i = 0; i < SHORT_CELLS; i++) {
        cell_fill(&cells[i], small_size(i));
    }
    for (size_t i = 0; i < SHORT_CELLS; i++) {
        cell_empty(&cells[i]);
    }
    return NULL;
}

/* As many threads at a time as the run has; one operation is the life of one. */
static void short_threads(struct run *run) {
    workers_init(run);
    run_begin(run);
    for (uint64_t done = 0; done < run->count; done += run->threads) {
        workers_start_and_join(run, short_main);
    }
    run_end(run);
}

/* ---- false sharing ------------------------------------------------------------------------------------------- */

enum { SCRATCH_BYTES = 8, SCRATCH_WRITES = 100 };

/* Works on tiny blocks of its own. If those share a cache line with another thread's, the writes take many times as
 * long. First it frees the block that the first thread took for it, if there is one. */
static void *scratch_main(void *argument) {
    struct worker *worker = argument;
    if (worker->cells != NULL) {
        cell_empty(worker->cells);
    }
    for (uint64_t i = 0; i < worker->count; i++) {
        volatile unsigned char *block = block_take(SCRATCH_BYTES, 0);
        for (unsigned k = 0; k < SCRATCH_WRITES; k++) {
            block[0]++;
        }
        free((void *)(uintptr_t)block);
    }
    return NULL;
}

/* The blocks that the threads free first lie side by side: an allocator may give each to the thread that freed it. */
static void scratch(struct run *run) {
    struct cell cells[THREADS_LIMIT];
    workers_init(run);
    for (unsigned i = 0; i < run->threads; i++) {
        cell_fill(&cells[i], SCRATCH_BYTES);
        workers[i].cells = &cells[i];
    }
    workers_run(run, scratch_main);
}

/* Each thread takes its first block itself: an allocator may cut blocks for several threads from one cache line. */
static void thrash(struct run *run) {
    workers_init(run);
    workers_run(run, scratch_main);
}

const struct workload thread_workloads[] = {
    {"server", "a block replaced; blocks outlive their threads", 10000000, server},
    {"churn", "a random one of 10 thousand replaced, each thread its own", 15000000, churn},
    {"short-threads", "the life of a thread that takes and frees 200 blocks", 20000, short_threads},
    {"scratch", "a tiny block taken, written 100 times and freed, each thread its own", 1500000, scratch},
    {"thrash", "the same, by threads that were handed nothing", 1500000, thrash},
    {NULL, NULL, 0, NULL},
};
