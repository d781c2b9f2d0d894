/*
 * memory.c: what stays resident after a peak, and what an allocator adds to what is asked for.
 *
 *   memory return WAY SURVIVORS [MIB]   blocks of 16-512 B are built up to MIB (1024) of requested bytes; then all are
 *                                       freed in random order but SURVIVORS in a million. WAY is what the program
 *                                       does until the sample: nothing, calls, or trim.
 *   memory overhead BLOCK_BYTES [MIB]   blocks of one size; what is resident beyond the bytes asked for.
 *   memory fragment [MIB]               blocks of one size are built up to MIB of requested bytes, and all but one of
 *                                       eight, chosen at random, are freed; then the same with the next size, eight
 *                                       times from 24 B to 3 KiB. What is resident at the end beside what lives: what
 *                                       one size left behind may or may not serve the next.
 *
 * The sample is taken 0.95 s after the last free, by trim at once. Resident memory is the kernel's exact sum over the
 * mappings (smaps_rollup); pages that the allocator has only marked for the kernel to take one day (MADV_FREE) are in
 * it, and also named on their own. The program's own table of blocks lies outside the allocator and is taken off.
 */
#define _GNU_SOURCE

#include "workload.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MIB = 1024 * 1024, LEAST_BYTES = 16, MOST_BYTES = 512 };

struct resident {
    uint64_t kib;
    uint64_t lazy_kib; /* of these, freed by MADV_FREE and still there */
};

enum way { WAY_NOTHING, WAY_CALLS, WAY_TRIM };

static struct resident resident_now(void) {
    static const char rollup[] = "/proc/self/smaps_rollup";
    struct resident resident = {proc_kib(rollup, "\nRss:"), proc_kib(rollup, "\nLazyFree:")};
    if (resident.kib == 0) {
        fail("/proc/self/smaps_rollup cannot be read");
    }
    return resident;
}

static void sleep_ms(long ms) {
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* A hundred pairs of all sizes, ten times in 0.9 s: a program that idles along. */
static void calls_make(void) {
    for (unsigned round = 0; round < 10; round++) {
        for (uint64_t i = 0; i < 100; i++) {
            size_t size = program_size(i);
            block_give(block_take(size, i), size, i);
        }
        sleep_ms(90);
    }
}

/* What the program does between its last free and the sample. */
static void way_go(enum way way) {
    uint64_t until_ns = now_ns() + 950000000u;
    if (way == WAY_TRIM) {
        malloc_trim(0);
        return;
    }
    if (way == WAY_CALLS) {
        calls_make();
    }
    while (now_ns() < until_ns) {
        sleep_ms(5);
    }
}

/* ---- return -------------------------------------------------------------------------------------------------- */

struct table {
    struct cell *cells;
    uint32_t cell_count;
    size_t mapped_bytes;
};

/* Fills cells until `total_bytes` have been asked for. */
static void table_fill(struct table *table, uint64_t total_bytes, struct dice *dice) {
    uint64_t asked_bytes = 0;
    table->mapped_bytes = (size_t)(total_bytes / 200) * sizeof(struct cell); /* the mean size is 264 */
    table->cells = table_map(table->mapped_bytes);
    while (asked_bytes < total_bytes) {
        size_t size = LEAST_BYTES + dice_below(dice, MOST_BYTES - LEAST_BYTES + 1);
        cell_fill(&table->cells[table->cell_count++], size);
        asked_bytes += size;
    }
}

/* Puts the cells into random order, in which they will be freed. */
static void table_shuffle(struct table *table, struct dice *dice) {
    for (uint32_t i = table->cell_count - 1; i > 0; i--) {
        uint32_t other = dice_below(dice, i + 1);
        struct cell kept = table->cells[i];
        table->cells[i] = table->cells[other];
        table->cells[other] = kept;
    }
}

/* Frees all but the survivors, which move to `kept`. */
static void table_cull(struct table *table, struct table *kept, uint32_t survivors_per_million, struct dice *dice) {
    for (uint32_t i = 0; i < table->cell_count; i++) {
        if (dice_below(dice, 1000000) < survivors_per_million) {
            kept->cells[kept->cell_count++] = table->cells[i];
        } else {
            cell_empty(&table->cells[i]);
        }
    }
}

/* Resident memory without the program's two tables. */
static struct resident resident_beside(const struct table *table, const struct table *kept) {
    struct resident resident = resident_now();
    resident.kib -= (table->mapped_bytes + kept->mapped_bytes) / 1024;
    return resident;
}

static void return_measure(enum way way, uint32_t survivors_per_million, uint64_t total_bytes) {
    struct dice dice = {0x9e3779b97f4a7c15u};
    struct table table = {NULL, 0, 0};
    table_fill(&table, total_bytes, &dice);
    table_shuffle(&table, &dice);
    struct table kept = {table_map(table.mapped_bytes), 0, table.mapped_bytes};
    struct resident peak = resident_beside(&table, &kept);
    uint64_t began_ns = now_ns();
    table_cull(&table, &kept, survivors_per_million, &dice);
    double free_ns = (double)(now_ns() - began_ns) / table.cell_count;
    table_unmap(table.cells, table.mapped_bytes);
    table.mapped_bytes = 0;
    way_go(way);
    struct resident after = resident_beside(&table, &kept);
    for (uint32_t i = 0; i < kept.cell_count; i++) {
        cell_empty(&kept.cells[i]);
    }
    printf("{\"peak_kib\":%llu,\"after_kib\":%llu,\"lazy_kib\":%llu,\"blocks\":%u,\"survivors\":%u,\"free_ns\":%.2f",
           (unsigned long long)peak.kib, (unsigned long long)after.kib, (unsigned long long)after.lazy_kib,
           table.cell_count, kept.cell_count, free_ns);
}

/* ---- overhead ------------------------------------------------------------------------------------------------ */

static void overhead_measure(size_t block_bytes, uint64_t total_bytes) {
    uint64_t block_count = total_bytes / block_bytes;
    uint64_t before_kib = resident_now().kib;
    for (uint64_t i = 0; i < block_count; i++) {
        block_take(block_bytes, i);
    }
    uint64_t after_kib = resident_now().kib;
    printf("{\"requested_kib\":%llu,\"resident_kib\":%llu", (unsigned long long)(block_count * block_bytes / 1024),
           (unsigned long long)(after_kib - before_kib));
}

/* ---- fragment ------------------------------------------------------------------------------------------------ */

enum { FRAGMENT_SIZES = 8, FRAGMENT_FIRST_BYTES = 24, FRAGMENT_KEEP_ONE_OF = 8 };

/* Builds blocks of one size up to `total_bytes` and leaves one of eight alive; returns the bytes of those. The table
 * holds all of them for the time being. `full_kib` becomes what is resident when all are there. */
static uint64_t fragment_round(struct cell *cells, size_t block_bytes, uint64_t total_bytes, struct dice *dice,
                               uint64_t *full_kib) {
    uint64_t block_count = total_bytes / block_bytes;
    uint64_t kept_count = 0;
    for (uint64_t i = 0; i < block_count; i++) {
        cell_fill(&cells[i], block_bytes);
    }
    *full_kib = resident_now().kib;
    for (uint64_t i = 0; i < block_count; i++) {
        if (dice_below(dice, FRAGMENT_KEEP_ONE_OF) == 0) {
            kept_count++;
        } else {
            cell_empty(&cells[i]);
        }
    }
    return kept_count * block_bytes;
}

static void fragment_measure(uint64_t total_bytes) {
    struct dice dice = {0x5be0cd19137e2179u};
    size_t table_bytes = (size_t)(total_bytes / FRAGMENT_FIRST_BYTES) * sizeof(struct cell);
    struct cell *cells = table_map(table_bytes);
    uint64_t before_kib = resident_now().kib;
    uint64_t live_bytes = 0;
    uint64_t peak_kib = 0;
    for (unsigned i = 0; i < FRAGMENT_SIZES; i++) {
        uint64_t full_kib = 0;
        live_bytes += fragment_round(cells, (size_t)FRAGMENT_FIRST_BYTES << i, total_bytes, &dice, &full_kib);
        peak_kib = full_kib - before_kib > peak_kib ? full_kib - before_kib : peak_kib;
    }
    uint64_t after_kib = resident_now().kib - before_kib;
    printf("{\"live_kib\":%llu,\"after_kib\":%llu,\"peak_kib\":%llu", (unsigned long long)(live_bytes / 1024),
           (unsigned long long)after_kib, (unsigned long long)peak_kib);
}

/* ---- command line -------------------------------------------------------------------------------------------- */

static _Noreturn void usage(void) {
    fputs("usage: memory return nothing|calls|trim SURVIVORS_PER_MILLION [MIB]\n"
          "       memory overhead BLOCK_BYTES [MIB]\n"
          "       memory fragment [MIB]\n",
          stderr);
    exit(2);
}

static uint64_t number_of(const char *text) {
    uint64_t number = 0;
    if (!number_parse(text, &number)) {
        usage();
    }
    return number;
}

static enum way way_of(const char *text) {
    static const char *const names[] = {"nothing", "calls", "trim"};
    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            return (enum way)i;
        }
    }
    usage();
}

int main(int argc, char **argv) {
    sizes_init();
    if ((argc == 4 || argc == 5) && strcmp(argv[1], "return") == 0) {
        uint64_t survivors = number_of(argv[3]);
        return_measure(way_of(argv[2]), survivors < 1000000 ? (uint32_t)survivors : 1000000,
                       (argc == 5 ? number_of(argv[4]) : 1024) * MIB);
    } else if ((argc == 3 || argc == 4) && strcmp(argv[1], "overhead") == 0 && number_of(argv[2]) > 0) {
        overhead_measure((size_t)number_of(argv[2]), (argc == 4 ? number_of(argv[3]) : 1024) * MIB);
    } else if ((argc == 2 || argc == 3) && strcmp(argv[1], "fragment") == 0) {
        fragment_measure((argc == 3 ? number_of(argv[2]) : 128) * MIB);
    } else {
        usage();
    }
    printf(",\"malloc\":\"%s\"}\n", malloc_origin());
    return 0;
}
