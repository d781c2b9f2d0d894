/*
 * exchange.c: workloads whose blocks are taken by one thread and freed by another. For the time see threads.c.
 */
#include "worker.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>

/* ---- hand-over ----------------------------------------------------------------------------------------------- */

enum { QUEUE_COUNT = 1024, LINE_BYTES = 64 };

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

static void hand_over(struct run *run) { exchange_of(run, BOTH_WAYS); }

static void free_only(struct run *run) { exchange_of(run, ONE_WAY); }

/* ---- crates -------------------------------------------------------------------------------------------------- */

enum { CRATE_COUNT = 64, STOCK_COUNT = 32 };

struct crate {
    struct cell cells[CRATE_COUNT];
};

/* Crates that any thread may take, under one lock. */
struct stock {
    pthread_mutex_t lock;
    struct crate crates[STOCK_COUNT]; /* those never put in yet have no blocks */
};

static struct stock stock = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Puts a crate in the place of another one, which is the caller's then. */
static void stock_swap(struct crate *crate, uint32_t place) {
    pthread_mutex_lock(&stock.lock);
    struct crate found = stock.crates[place];
    stock.crates[place] = *crate;
    pthread_mutex_unlock(&stock.lock);
    *crate = found;
}

static void crate_fill(struct crate *crate, uint64_t turn) {
    for (size_t i = 0; i < CRATE_COUNT; i++) {
        cell_fill(&crate->cells[i], small_size(turn + i));
    }
}

static void crate_empty(struct crate *crate) {
    for (size_t i = 0; i < CRATE_COUNT && crate->cells[i].block != NULL; i++) {
        cell_empty(&crate->cells[i]);
    }
}

/* Fills a crate, and empties the one that it finds in its place in the stock: another thread's, as often as not. */
static void *crate_main(void *argument) {
    struct worker *worker = argument;
    struct crate crate;
    for (uint64_t done = 0; done < worker->count; done += CRATE_COUNT) {
        crate_fill(&crate, done);
        stock_swap(&crate, dice_below(&worker->dice, STOCK_COUNT));
        crate_empty(&crate);
    }
    return NULL;
}

static void crates(struct run *run) {
    workers_init(run);
    workers_run(run, crate_main);
    for (size_t i = 0; i < STOCK_COUNT; i++) {
        crate_empty(&stock.crates[i]);
    }
}

/* ---- phases -------------------------------------------------------------------------------------------------- */

enum { SHARED_COUNT = 1000, PHASE_COUNT = 20000, OWN_COUNT = 500 };

/* A block that any thread may come to free: it says itself how long it is. */
struct parcel {
    size_t size;
};

static _Atomic(struct parcel *) shared[SHARED_COUNT];

static struct parcel *parcel_take(size_t size) {
    if (size < sizeof(struct parcel) + 1) {
        size = sizeof(struct parcel) + 1;
    }
    struct parcel *parcel = malloc(size);
    if (parcel == NULL) {
        fail("out of memory");
    }
    parcel->size = size;
    ((unsigned char *)parcel)[size - 1] = (unsigned char)size;
    return parcel;
}

static void parcel_give(struct parcel *parcel) {
    if (parcel == NULL) {
        return;
    }
    if (((unsigned char *)parcel)[parcel->size - 1] != (unsigned char)parcel->size) {
        fail("a block does not hold what was written to it");
    }
    free(parcel);
}

/* Puts a fresh block in the place of one that another thread may have taken, and frees that. */
static void shared_replace(struct dice *dice, uint64_t turn) {
    struct parcel *fresh = parcel_take(program_size(turn));
    parcel_give(atomic_exchange_explicit(&shared[dice_below(dice, SHARED_COUNT)], fresh, memory_order_acq_rel));
}

/* One phase of one thread: every second block is shared; the others are freed by the end of the phase. */
static void *phase_main(void *argument) {
    struct worker *worker = argument;
    struct parcel *own[OWN_COUNT] = {NULL};
    uint64_t turns = worker->count < PHASE_COUNT ? worker->count : PHASE_COUNT;
    for (uint64_t i = 0; i < turns; i++) {
        if (i % 2 == 0) {
            shared_replace(&worker->dice, i);
        } else {
            struct parcel **place = &own[dice_below(&worker->dice, OWN_COUNT)];
            parcel_give(*place);
            *place = parcel_take(program_size(i));
        }
    }
    for (size_t i = 0; i < OWN_COUNT; i++) {
        parcel_give(own[i]);
    }
    worker->count -= turns;
    return NULL;
}

static void phases(struct run *run) {
    workers_init(run);
    run_begin(run);
    while (workers[0].count > 0) {
        workers_start_and_join(run, phase_main);
    }
    run_end(run);
    for (size_t i = 0; i < SHARED_COUNT; i++) {
        parcel_give(atomic_exchange_explicit(&shared[i], NULL, memory_order_acq_rel));
    }
}

const struct workload exchange_workloads[] = {
    {"hand-over", "a block taken by one thread, freed by another, both ways", 8000000, hand_over},
    {"free-only", "the same one way: one thread only frees", 8000000, free_only},
    {"crates", "a block of 64 that pass together through a stock that all threads share", 8000000, crates},
    {"phases", "a block replaced; every second one may be another thread's", 8000000, phases},
    {NULL, NULL, 0, NULL},
};
