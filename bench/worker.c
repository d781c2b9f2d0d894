/* worker.c: see worker.h. */
#include "worker.h"

struct worker workers[THREADS_LIMIT];

void worker_start(struct worker *worker, void *(*main)(void *)) {
    if (pthread_create(&worker->thread, NULL, main, worker) != 0) {
        fail("no thread to be had");
    }
}

void worker_join(struct worker *worker) { pthread_join(worker->thread, NULL); }

/* Deals the run's operations out to its threads. */
void workers_init(struct run *run) {
    if (run->threads > THREADS_LIMIT) {
        run->threads = THREADS_LIMIT;
    }
    uint64_t share = (run->count + run->threads - 1) / run->threads;
    run->count = share * run->threads;
    for (unsigned i = 0; i < run->threads; i++) {
        workers[i] = (struct worker){.count = share, .dice = {0x9e3779b97f4a7c15u * (i + 1)}};
    }
}

void workers_start_and_join(const struct run *run, void *(*main)(void *)) {
    for (unsigned i = 0; i < run->threads; i++) {
        worker_start(&workers[i], main);
    }
    for (unsigned i = 0; i < run->threads; i++) {
        worker_join(&workers[i]);
    }
}

void workers_run(struct run *run, void *(*main)(void *)) {
    run_begin(run);
    workers_start_and_join(run, main);
    run_end(run);
}
