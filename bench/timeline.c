/*
 * timeline.c: resident memory over a program's life, through a peak and after.
 *
 *   timeline [--mib N] [--idle-ms N]
 *
 * The life has these phases; each is sampled at forty places, by its progress and not by the clock, so that the curves
 * of a fast and of a slow allocator lie above each other:
 *
 *   rise      blocks of 16-512 B are built up to N MiB (256) of requested bytes
 *   churn     as many are replaced, at random, as there are
 *   fall      all are freed in random order, but one of a hundred
 *   idle      the program does nothing (1000 ms)
 *   work      it takes and frees a hundred blocks at a time, as a program that idles along (1000 ms)
 *   again     blocks of 1-4 KiB up to half of the first peak
 *   end       all are freed
 *   rest      as idle
 *
 * The result is JSON: the phases, and for each sample the resident KiB without this program's own tables. It also holds
 * what was live at each sample, in KiB of requested bytes: the least that could be resident.
 */
#define _GNU_SOURCE

#include "workload.h"

#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MIB = 1024 * 1024, SAMPLES_PER_PHASE = 40, PHASES_MOST = 8, SAMPLE_COUNT = SAMPLES_PER_PHASE * PHASES_MOST };
enum { SMALL_LEAST = 16, SMALL_MOST = 512, LARGE_LEAST = 1024, LARGE_MOST = 4096, SURVIVOR_EVERY = 100 };

/* A set of blocks; its cells lie outside the allocator and are wholly resident from the start. */
struct set {
    struct cell *cells;
    uint32_t count;
    size_t table_bytes;
};

struct life {
    struct dice dice;
    struct set small;
    struct set large;
    uint64_t live_bytes;
    uint64_t idle_ns;
    const char *phases[PHASES_MOST];
    unsigned phase_count;
    unsigned sample_count;
    uint64_t resident_kib[SAMPLE_COUNT];
    uint64_t live_kib[SAMPLE_COUNT];
};

static struct life life = {.dice = {0x1f83d9abfb41bd6bu}};

/* ---- samples ------------------------------------------------------------------------------------------------- */

static uint64_t resident_kib(void) {
    uint64_t kib = proc_kib("/proc/self/smaps_rollup", "\nRss:");
    if (kib == 0) {
        fail("/proc/self/smaps_rollup cannot be read");
    }
    return kib - (life.small.table_bytes + life.large.table_bytes) / 1024;
}

static void phase_begin(const char *name) { life.phases[life.phase_count++] = name; }

/* Takes the samples that are due when `done` of `all` steps of the current phase are done. */
static void phase_step(uint64_t done, uint64_t all) {
    unsigned due = (life.phase_count - 1) * SAMPLES_PER_PHASE + (unsigned)(done * SAMPLES_PER_PHASE / all);
    while (life.sample_count < due) {
        life.resident_kib[life.sample_count] = resident_kib();
        life.live_kib[life.sample_count] = life.live_bytes / 1024;
        life.sample_count++;
    }
}

/* ---- phases -------------------------------------------------------------------------------------------------- */

static void take(struct cell *cell, uint32_t least, uint32_t most) {
    size_t size = least + dice_below(&life.dice, most - least + 1);
    cell_fill(cell, size);
    life.live_bytes += size;
}

static void give(struct cell *cell) {
    life.live_bytes -= cell->size;
    cell_empty(cell);
}

static void rise(struct set *set, uint32_t least, uint32_t most) {
    for (uint32_t i = 0; i < set->count; i++) {
        take(&set->cells[i], least, most);
        phase_step(i + 1, set->count);
    }
}

static void churn(struct set *set) {
    for (uint32_t i = 0; i < set->count; i++) {
        struct cell *cell = &set->cells[dice_below(&life.dice, set->count)];
        give(cell);
        take(cell, SMALL_LEAST, SMALL_MOST);
        phase_step(i + 1, set->count);
    }
}

static void shuffle(struct set *set) {
    for (uint32_t i = set->count - 1; i > 0; i--) {
        uint32_t other = dice_below(&life.dice, i + 1);
        struct cell kept = set->cells[i];
        set->cells[i] = set->cells[other];
        set->cells[other] = kept;
    }
}

/* Frees all blocks but the first `kept`, from the last one on. The set was shuffled. */
static void fall(struct set *set, uint32_t kept) {
    uint32_t all = set->count - kept;
    for (uint32_t done = 0; done < all; done++) {
        give(&set->cells[--set->count]);
        phase_step(done + 1, all);
    }
}

/* A hundred pairs of all sizes. */
static void pairs_make(void) {
    for (uint64_t i = 0; i < 100; i++) {
        size_t size = program_size(i);
        block_give(block_take(size, i), size, i);
    }
}

static void nothing_make(void) {}

static void pass(void (*make)(void)) {
    uint64_t began_ns = now_ns();
    for (uint64_t at_ns = 0; at_ns < life.idle_ns;) {
        struct timespec pause = {0, (long)(life.idle_ns / SAMPLES_PER_PHASE)};
        make();
        nanosleep(&pause, NULL);
        at_ns = now_ns() - began_ns;
        phase_step(at_ns < life.idle_ns ? at_ns : life.idle_ns, life.idle_ns);
    }
}

/* Room for blocks of so many bytes in all. */
static void set_init(struct set *set, uint64_t total_bytes, uint32_t least, uint32_t most) {
    set->count = (uint32_t)(total_bytes / ((least + most) / 2));
    set->table_bytes = set->count * sizeof *set->cells;
    set->cells = table_map(set->table_bytes);
}

static void live(uint64_t peak_bytes) {
    set_init(&life.small, peak_bytes, SMALL_LEAST, SMALL_MOST);
    set_init(&life.large, peak_bytes / 2, LARGE_LEAST, LARGE_MOST);
    phase_begin("rise");
    rise(&life.small, SMALL_LEAST, SMALL_MOST);
    phase_begin("churn");
    churn(&life.small);
    shuffle(&life.small);
    phase_begin("fall");
    fall(&life.small, life.small.count / SURVIVOR_EVERY);
    phase_begin("idle");
    pass(nothing_make);
    phase_begin("work");
    pass(pairs_make);
    phase_begin("again");
    rise(&life.large, LARGE_LEAST, LARGE_MOST);
    phase_begin("end");
    shuffle(&life.large);
    fall(&life.large, 0);
    phase_begin("rest");
    pass(nothing_make);
}

/* ---- result -------------------------------------------------------------------------------------------------- */

static void numbers_print(const char *name, const uint64_t *numbers) {
    printf(",\"%s\":[", name);
    for (unsigned i = 0; i < life.sample_count; i++) {
        printf("%s%" PRIu64, i > 0 ? "," : "", numbers[i]);
    }
    printf("]");
}

static void result_print(void) {
    printf("{\"phases\":[");
    for (unsigned i = 0; i < life.phase_count; i++) {
        printf("%s\"%s\"", i > 0 ? "," : "", life.phases[i]);
    }
    printf("]");
    numbers_print("resident_kib", life.resident_kib);
    numbers_print("live_kib", life.live_kib);
    printf(",\"malloc\":\"%s\"}\n", malloc_origin());
}

static uint64_t number_of(const char *text) {
    uint64_t number = 0;
    if (!number_parse(text, &number) || number == 0) {
        fprintf(stderr, "timeline: '%s' is not a positive number\n", text);
        exit(2);
    }
    return number;
}

int main(int argc, char **argv) {
    static const struct option options[] = {
        {"mib", required_argument, NULL, 'm'},
        {"idle-ms", required_argument, NULL, 'i'},
        {NULL, 0, NULL, 0},
    };
    uint64_t peak_mib = 256;
    uint64_t idle_ms = 1000;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'm') {
            peak_mib = number_of(optarg);
        } else if (option == 'i') {
            idle_ms = number_of(optarg);
        } else {
            fputs("usage: timeline [--mib N] [--idle-ms N]\n", stderr);
            return 2;
        }
    }
    sizes_init();
    life.idle_ns = idle_ms * 1000000;
    live(peak_mib * MIB);
    result_print();
    return 0;
}
