/*
 * threads.c: workloads with threads. The time is the wall time from the start of all threads to the end of the last,
 * divided by the operations of all threads together: with one core for each thread, two threads that do not hinder
 * each other show half the figure of one.
 */
#define _GNU_SOURCE

#include "workload.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

enum { THREADS_LIMIT = 64, LINE_BYTES = 64 };

/* What a thread of a workload works on. */
struct worker {
    unsigned index;
    uint64_t count; /* operations of this thread */
    struct dice dice;
    struct cell *cells;
    struct queue *in;
    struct queue *out;
    pthread_t thread;
};

static struct worker workers[THREADS_LIMIT];

static void worker_start(struct worker *worker, void *(*main)(void *)) {
    if (pthread_create(&worker->thread, NULL, main, worker) != 0) {
        fail("no thread to be had");
    }
}

static void worker_join(struct worker *worker) {
    pthread_join(worker->thread, NULL);
}

/* Deals the run's operations out to its threads. */
static void workers_init(struct run *run) {
    if (run->threads > THREADS_LIMIT) {
        run->threads = THREADS_LIMIT;
    }
    uint64_t share = (run->count + run->threads - 1) / run->threads;
    run->count = share * run->threads;
    for (unsigned i = 0; i < run->threads; i++) {
        workers[i] = (struct worker){.index = i, .count = share, .dice = {0x9e3779b97f4a7c15u * (i + 1)}};
    }
}

static void workers_run(struct run *run, void *(*main)(void *)) {
    run_begin(run);
    for (unsigned i = 0; i < run->threads; i++) {
        worker_start(&workers[i], main);
    }
    for (unsigned i = 0; i < run->threads; i++) {
        worker_join(&workers[i]);
    }
    run_end(run);
}

static void cells_end(struct cell *cells, size_t cell_count) {
    for (size_t i = 0; i < cell_count; i++) {
        if (cells[i].block != NULL) {
            cell_empty(&cells[i]);
        }
    }
    table_unmap(cells, cell_count * sizeof *cells);
}

/* ---- a server's generations ---------------------------------------------------------------------------------- */

enum { SERVER_CELLS = 5000, GENERATION_COUNT = 50000 };

/* One generation: replaces blocks that earlier threads took, and ends; its blocks outlive it. */
static void *generation_main(void *argument) {
    struct worker *worker = argument;
    uint64_t turns = worker->count < GENERATION_COUNT ? worker->count : GENERATION_COUNT;
    for (uint64_t i = 0; i < turns; i++) {
        struct cell *cell = &worker->cells[dice_below(&worker->dice, SERVER_CELLS)];
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
    for (unsigned i = 0; i < run->threads; i++) {
        workers[i].cells = table_map(SERVER_CELLS * sizeof(struct cell));
        for (size_t k = 0; k < SERVER_CELLS; k++) {
            cell_fill(&workers[i].cells[k], 10 + k % 490);
        }
    }
    workers_run(run, dynasty_main);
    for (unsigned i = 0; i < run->threads; i++) {
        cells_end(workers[i].cells, SERVER_CELLS);
    }
}

/* ---- independent churn --------------------------------------------------------------------------------------- */

enum { CHURN_CELLS = 10000 };

static void *churn_main(void *argument) {
    struct worker *worker = argument;
    for (uint64_t i = 0; i < CHURN_CELLS; i++) {
        cell_fill(&worker->cells[i], program_size(i));
    }
    for (uint64_t i = CHURN_CELLS; i < worker->count; i++) {
        cell_replace(&worker->cells[dice_below(&worker->dice, CHURN_CELLS)], program_size(i));
    }
    return NULL;
}

static void churn(struct run *run) {
    workers_init(run);
    for (unsigned i = 0; i < run->threads; i++) {
        workers[i].cells = table_map(CHURN_CELLS * sizeof(struct cell));
    }
    workers_run(run, churn_main);
    for (unsigned i = 0; i < run->threads; i++) {
        cells_end(workers[i].cells, CHURN_CELLS);
    }
}

/* ---- hand-over ----------------------------------------------------------------------------------------------- */

enum { QUEUE_COUNT = 1024 };

/* A ring from one thread to one other. Each end keeps a copy of the other's position and looks again only when the
 * ring seems full or empty, so that the ring itself costs little. */
struct queue {
    _Alignas(LINE_BYTES) _Atomic(uint64_t) put_count; /* written by the producer, released with the cell */
    uint64_t seen_got_count;                          /* the producer's */
    _Alignas(LINE_BYTES) _Atomic(uint64_t) got_count; /* written by the consumer, released when it has the cell */
    uint64_t seen_put_count;                          /* the consumer's */
    _Alignas(LINE_BYTES) struct cell cells[QUEUE_COUNT];
};

/* Room for one more cell; NULL when the ring is full. */
static struct cell *queue_room(struct queue *queue) {
    uint64_t put = atomic_load_explicit(&queue->put_count, memory_order_relaxed);
    if (put - queue->seen_got_count == QUEUE_COUNT) {
        queue->seen_got_count = atomic_load_explicit(&queue->got_count, memory_order_acquire);
        if (put - queue->seen_got_count == QUEUE_COUNT) {
            return NULL;
        }
    }
    return &queue->cells[put % QUEUE_COUNT];
}

static void queue_put(struct queue *queue) {
    uint64_t put = atomic_load_explicit(&queue->put_count, memory_order_relaxed);
    atomic_store_explicit(&queue->put_count, put + 1, memory_order_release);
}

/* The oldest cell; NULL when the ring is empty. */
static struct cell *queue_front(struct queue *queue) {
    uint64_t got = atomic_load_explicit(&queue->got_count, memory_order_relaxed);
    if (queue->seen_put_count == got) {
        queue->seen_put_count = atomic_load_explicit(&queue->put_count, memory_order_acquire);
        if (queue->seen_put_count == got) {
            return NULL;
        }
    }
    return &queue->cells[got % QUEUE_COUNT];
}

static void queue_got(struct queue *queue) {
    uint64_t got = atomic_load_explicit(&queue->got_count, memory_order_relaxed);
    atomic_store_explicit(&queue->got_count, got + 1, memory_order_release);
}

/* Puts up to `count` fresh blocks in; returns how many. */
static uint64_t queue_produce(struct queue *queue, uint64_t count, uint64_t turn) {
    uint64_t done = 0;
    for (struct cell *cell = NULL; done < count && (cell = queue_room(queue)) != NULL; done++) {
        cell_fill(cell, small_size(turn + done));
        queue_put(queue);
    }
    return done;
}

/* Frees up to `count` blocks that have arrived; returns how many. */
static uint64_t queue_consume(struct queue *queue, uint64_t count) {
    uint64_t done = 0;
    for (struct cell *cell = NULL; done < count && (cell = queue_front(queue)) != NULL; done++) {
        cell_empty(cell);
        queue_got(queue);
    }
    return done;
}

/* Sends its own blocks out and frees what comes in, 64 at a time, until its share of both is done. */
static void *exchange_main(void *argument) {
    struct worker *worker = argument;
    uint64_t to_send = worker->out != NULL ? worker->count : 0;
    uint64_t to_free = worker->in != NULL ? worker->count : 0;
    while (to_send + to_free > 0) {
        uint64_t sent = to_send == 0 ? 0 : queue_produce(worker->out, to_send < 64 ? to_send : 64, to_send);
        uint64_t freed = to_free == 0 ? 0 : queue_consume(worker->in, to_free < 64 ? to_free : 64);
        to_send -= sent;
        to_free -= freed;
        if (sent + freed == 0) {
            sched_yield();
        }
    }
    return NULL;
}

enum direction { ONE_WAY, BOTH_WAYS };

/* Threads in pairs, with a ring from the first to the second and, both ways, one back. */
static void exchange_of(struct run *run, enum direction direction) {
    run->threads = run->threads / 2 * 2;
    if (run->threads == 0) {
        run->threads = 2;
    }
    workers_init(run);
    struct queue *queues = table_map(run->threads * sizeof *queues);
    for (unsigned i = 0; i < run->threads; i += 2) {
        workers[i].out = workers[i + 1].in = &queues[i];
        if (direction == BOTH_WAYS) {
            workers[i + 1].out = workers[i].in = &queues[i + 1];
        } else {
            workers[i].count *= 2; /* all blocks go through one ring */
            workers[i + 1].count *= 2;
        }
    }
    workers_run(run, exchange_main);
    table_unmap(queues, run->threads * sizeof *queues);
}

static void hand_over(struct run *run) {
    exchange_of(run, BOTH_WAYS);
}

static void free_only(struct run *run) {
    exchange_of(run, ONE_WAY);
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
        for (unsigned i = 0; i < run->threads; i++) {
            worker_start(&workers[i], short_main);
        }
        for (unsigned i = 0; i < run->threads; i++) {
            worker_join(&workers[i]);
        }
    }
    run_end(run);
}

const struct workload thread_workloads[] = {
    {"server", "a block replaced; blocks outlive their threads", 10000000, server},
    {"hand-over", "a block taken by one thread, freed by another, both ways", 8000000, hand_over},
    {"free-only", "the same one way: one thread only frees", 8000000, free_only},
    {"churn", "a random one of 10 thousand replaced, each thread its own", 15000000, churn},
    {"short-threads", "the life of a thread that takes and frees 200 blocks", 20000, short_threads},
    {NULL, NULL, 0, NULL},
};
