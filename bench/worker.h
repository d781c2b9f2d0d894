/* worker.h: the threads of the workloads that have them, and how the run's operations are dealt out to them. */
#ifndef BENCH_WORKER_H
#define BENCH_WORKER_H

#include "workload.h"

#include <pthread.h>

enum { THREADS_LIMIT = 64, LINES_BYTES = 128 /* two cache lines: processors fetch them in pairs */ };

struct queue;

/* What a thread of a workload works on, and writes all the time: apart from what others write. */
struct worker {
    _Alignas(LINES_BYTES) uint64_t count; /* operations of this thread */
    struct dice dice;
    struct cell *cells;
    uint32_t cell_count;
    struct queue *in;
    struct queue *out;
    pthread_t thread;
};

/* Those of the run: the first `run->threads`. */
extern struct worker workers[THREADS_LIMIT];

/* Deals the run's operations out to its threads, of which there may be at most THREADS_LIMIT. */
void workers_init(struct run *run);

/* Starts all of them, waits for all of them, and takes the time. */
void workers_run(struct run *run, void *(*main)(void *));

/* The same without the time. */
void workers_start_and_join(const struct run *run, void *(*main)(void *));

void worker_start(struct worker *worker, void *(*main)(void *));
void worker_join(struct worker *worker);

#endif
