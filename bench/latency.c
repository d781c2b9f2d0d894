/*
 * latency.c: how long single calls take, under churn and while a peak falls.
 *
 *   latency [--count N] [--threads T]
 *   latency --fall MIB
 *
 * Churn: each thread keeps 50,000 blocks of program-like sizes and replaces a random one of them N times (1,000,000);
 * each malloc and each free is timed by itself. From time to time a thread frees a tenth of its blocks at once and takes
 * as many, so that the allocator's rarer work (fetching memory, giving it back) is within the figures. The blocks are
 * written and checked outside of what is timed.
 *
 * Fall: blocks of program-like sizes are taken, MIB of them, and freed in random order, but for one of a thousand; each
 * call is timed. What an allocator puts off, and does at once for all of the heap, shows in the longest of them.
 *
 * A call that took long while the system gave the processor to somebody else is left out: where a thread was
 * interrupted is found out by its count of involuntary switches, looked at after each long call and from time to time
 * in between.
 *
 * A time goes into one of the buckets of a histogram, whose width is a sixteenth of its lower end. What the clock
 * itself takes, the least that was ever seen between two readings, is taken off. The result is JSON: for malloc and for
 * free the percentiles, in nanoseconds.
 */
#define _GNU_SOURCE

#include "worker.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* ---- the clock ----------------------------------------------------------------------------------------------- */

#if defined(__x86_64__)
/* The processor's counter: the system's clock takes longer than most of the calls that are timed. */
static inline uint64_t ticks_now(void) {
    uint32_t low = 0;
    uint32_t high = 0;
    __asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}
#else
static inline uint64_t ticks_now(void) { return now_ns(); }
#endif

static double ns_per_tick;
static uint64_t clock_ticks; /* between two readings with nothing in between */

static void clock_init(void) {
    enum { READINGS = 20000, CALIBRATION_NS = 50000000 };
    clock_ticks = UINT64_MAX;
    for (unsigned i = 0; i < READINGS; i++) {
        uint64_t began = ticks_now();
        uint64_t taken = ticks_now() - began;
        clock_ticks = taken < clock_ticks ? taken : clock_ticks;
    }
    uint64_t began_ns = now_ns();
    uint64_t began = ticks_now();
    while (now_ns() - began_ns < CALIBRATION_NS) {
    }
    uint64_t ticks = ticks_now() - began;
    ns_per_tick = (double)(now_ns() - began_ns) / (double)ticks;
}

/* ---- histogram ----------------------------------------------------------------------------------------------- */

enum { PART_SHIFT = 4, PART_COUNT = 1 << PART_SHIFT, BUCKET_COUNT = (64 - PART_SHIFT + 1) * PART_COUNT };

struct histogram {
    uint64_t counts[BUCKET_COUNT];
    uint64_t total;
    uint64_t most; /* ticks */
};

/* Values below PART_COUNT have a bucket each; above, each power of two is cut into PART_COUNT buckets. */
static size_t bucket_of(uint64_t ticks) {
    if (ticks < PART_COUNT) {
        return (size_t)ticks;
    }
    unsigned shift = 63u - (unsigned)__builtin_clzll(ticks) - PART_SHIFT;
    return (size_t)(shift * PART_COUNT + (ticks >> shift));
}

/* The least value of a bucket. */
static uint64_t bucket_ticks(size_t bucket) {
    if (bucket < PART_COUNT) {
        return bucket;
    }
    size_t shift = bucket / PART_COUNT - 1;
    return (uint64_t)(bucket - shift * PART_COUNT) << shift;
}

static void histogram_add(struct histogram *histogram, uint64_t ticks) {
    uint64_t own = ticks > clock_ticks ? ticks - clock_ticks : 0;
    histogram->counts[bucket_of(own)]++;
    histogram->total++;
    histogram->most = own > histogram->most ? own : histogram->most;
}

static void histogram_merge(struct histogram *into, const struct histogram *from) {
    for (size_t i = 0; i < BUCKET_COUNT; i++) {
        into->counts[i] += from->counts[i];
    }
    into->total += from->total;
    into->most = from->most > into->most ? from->most : into->most;
}

/* The time within which all calls end but one of every `of`, in ns. */
static double histogram_ns_but_one_of(const struct histogram *histogram, uint64_t of) {
    uint64_t left = histogram->total - histogram->total / of;
    size_t bucket = 0;
    for (uint64_t seen = histogram->counts[0]; seen < left && bucket + 1 < BUCKET_COUNT;) {
        seen += histogram->counts[++bucket];
    }
    return (double)bucket_ticks(bucket) * ns_per_tick;
}

/* ---- the work ------------------------------------------------------------------------------------------------ */

enum { CELL_COUNT = 50000, BURST_EVERY = 50000, BURST_COUNT = CELL_COUNT / 10, LONG_NS = 5000, LOOK_EVERY = 256 };

struct timed {
    _Alignas(LINES_BYTES) struct histogram taking;
    struct histogram giving;
    uint64_t switch_count;      /* involuntary context switches of the thread, when it last looked */
    uint64_t interrupted_count; /* calls that were left out */
};

static struct timed *timed; /* one for each thread */

/* Whether the system has taken the processor away since this was asked last. */
static bool is_interrupted(struct timed *own) {
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    uint64_t switch_count = (uint64_t)usage.ru_nivcsw;
    bool is_new = switch_count != own->switch_count;
    own->switch_count = switch_count;
    return is_new;
}

/* A long call during which the thread had to wait for the processor says nothing of the allocator. */
static void call_add(struct timed *own, struct histogram *histogram, uint64_t ticks) {
    if ((double)ticks * ns_per_tick > LONG_NS && is_interrupted(own)) {
        own->interrupted_count++;
        return;
    }
    histogram_add(histogram, ticks);
}

/* So that a switch in between excuses no later call. */
static void look_now_and_then(struct timed *own, uint64_t turn) {
    if (turn % LOOK_EVERY == 0) {
        (void)is_interrupted(own);
    }
}

static void take_timed(struct cell *cell, size_t size, struct timed *own) {
    uint64_t began = ticks_now();
    void *block = malloc(size);
    uint64_t ticks = ticks_now() - began;
    call_add(own, &own->taking, ticks);
    cell->block = block_mark(block, size, size);
    cell->size = size;
}

static void give_timed(struct cell *cell, struct timed *own) {
    block_check(cell->block, cell->size, cell->size);
    uint64_t began = ticks_now();
    free(cell->block);
    uint64_t ticks = ticks_now() - began;
    call_add(own, &own->giving, ticks);
}

/* A tenth of the blocks, from a random place on, go together and come again. */
static void burst(struct worker *worker, uint64_t turn, struct timed *own) {
    uint32_t first = dice_below(&worker->dice, CELL_COUNT - BURST_COUNT);
    for (uint32_t i = first; i < first + BURST_COUNT; i++) {
        look_now_and_then(own, i - first);
        give_timed(&worker->cells[i], own);
    }
    for (uint32_t i = first; i < first + BURST_COUNT; i++) {
        look_now_and_then(own, i - first);
        take_timed(&worker->cells[i], program_size(turn + i), own);
    }
}

static void *churn_main(void *argument) {
    struct worker *worker = argument;
    struct timed *own = &timed[worker - workers];
    for (uint32_t i = 0; i < CELL_COUNT; i++) {
        cell_fill(&worker->cells[i], program_size(i));
    }
    for (uint64_t i = 1; i <= worker->count; i++) {
        struct cell *cell = &worker->cells[dice_below(&worker->dice, CELL_COUNT)];
        give_timed(cell, own);
        take_timed(cell, program_size(i), own);
        look_now_and_then(own, i);
        if (i % BURST_EVERY == 0) {
            burst(worker, i, own);
        }
    }
    for (uint32_t i = 0; i < CELL_COUNT; i++) {
        cell_empty(&worker->cells[i]);
    }
    return NULL;
}

static void churn(struct run *run) {
    workers_init(run);
    timed = table_map(run->threads * sizeof *timed);
    for (unsigned i = 0; i < run->threads; i++) {
        workers[i].cells = table_map(CELL_COUNT * sizeof(struct cell));
        workers[i].count = run->count / run->threads;
    }
    workers_run(run, churn_main);
    for (unsigned i = 1; i < run->threads; i++) {
        histogram_merge(&timed[0].taking, &timed[i].taking);
        histogram_merge(&timed[0].giving, &timed[i].giving);
        timed[0].interrupted_count += timed[i].interrupted_count;
    }
}

static uint32_t cells_of(uint64_t mib) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < SIZE_TABLE_COUNT; i++) {
        bytes += program_sizes[i];
    }
    return (uint32_t)((mib << 20) * SIZE_TABLE_COUNT / bytes);
}

static void cells_shuffle(struct cell *cells, uint32_t count) {
    struct dice dice = {0x853c49e6748fea9bu};
    for (uint32_t i = count - 1; i > 0; i--) {
        uint32_t other = dice_below(&dice, i + 1);
        struct cell cell = cells[i];
        cells[i] = cells[other];
        cells[other] = cell;
    }
}

static void fall(uint64_t mib) {
    enum { SURVIVES_ONE_OF = 1000 };
    uint32_t count = cells_of(mib);
    struct cell *cells = table_map(count * sizeof *cells);
    timed = table_map(sizeof *timed);
    for (uint32_t i = 0; i < count; i++) {
        look_now_and_then(timed, i);
        take_timed(&cells[i], program_size(i), timed);
    }
    cells_shuffle(cells, count);
    for (uint32_t i = 0; i < count; i++) {
        look_now_and_then(timed, i);
        if (i % SURVIVES_ONE_OF != 0) {
            give_timed(&cells[i], timed);
        }
    }
}

/* ---- result -------------------------------------------------------------------------------------------------- */

static void histogram_print(const char *name, const struct histogram *histogram) {
    /* One of so many takes longer: p50, p75, p90, p95, p99, p99.5, p99.9, p99.99, p99.999. */
    static const uint64_t one_of[] = {2, 4, 10, 20, 100, 200, 1000, 10000, 100000};
    printf("\"%s\":{\"calls\":%" PRIu64 ",\"curve\":[", name, histogram->total);
    for (size_t i = 0; i < sizeof one_of / sizeof one_of[0]; i++) {
        printf("[%" PRIu64 ",%.1f],", one_of[i], histogram_ns_but_one_of(histogram, one_of[i]));
    }
    double most_ns = (double)histogram->most * ns_per_tick;
    printf("[%" PRIu64 ",%.1f]],\"max\":%.1f}", histogram->total, most_ns, most_ns);
}

static uint64_t number_of(const char *text) {
    uint64_t number = 0;
    if (!number_parse(text, &number) || number == 0) {
        fprintf(stderr, "latency: '%s' is not a positive number\n", text);
        exit(2);
    }
    return number;
}

int main(int argc, char **argv) {
    static const struct option options[] = {
        {"count", required_argument, NULL, 'c'},
        {"threads", required_argument, NULL, 't'},
        {"fall", required_argument, NULL, 'f'},
        {NULL, 0, NULL, 0},
    };
    struct run run = {.count = 1000000, .threads = 1};
    uint64_t fall_mib = 0;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'c') {
            run.count = number_of(optarg);
        } else if (option == 't') {
            run.threads = (unsigned)number_of(optarg);
        } else if (option == 'f') {
            fall_mib = number_of(optarg);
        } else {
            fputs("usage: latency [--count N] [--threads T] | --fall MIB\n", stderr);
            return 2;
        }
    }
    sizes_init();
    clock_init();
    if (fall_mib != 0) {
        fall(fall_mib);
    } else {
        churn(&run);
    }
    printf("{");
    histogram_print("taking", &timed[0].taking);
    printf(",");
    histogram_print("giving", &timed[0].giving);
    printf(",\"threads\":%u,\"interrupted\":%" PRIu64 ",\"clock_ns\":%.1f,\"malloc\":\"%s\"}\n", run.threads,
           timed[0].interrupted_count, (double)clock_ticks * ns_per_tick, malloc_origin());
    return 0;
}
