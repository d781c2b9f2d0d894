/* workload.c: the clock, the sizes and the tables that the workloads share; see workload.h. */
#define _GNU_SOURCE

#include "workload.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

uint32_t program_sizes[SIZE_TABLE_COUNT];
uint32_t small_sizes[SIZE_TABLE_COUNT];

/* How often programs ask for sizes of each range. */
struct size_range {
    uint32_t per_mille;
    uint32_t from_bytes;
    uint32_t to_bytes; /* included */
};

static const struct size_range program_ranges[] = {
    {200, 8, 16},   {150, 17, 24},  {150, 25, 32},   {120, 33, 48},    {100, 49, 64},    {120, 65, 128},
    {90, 129, 256}, {40, 257, 512}, {18, 513, 1024}, {10, 1025, 4096}, {2, 4097, 32768},
};

uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void run_begin(struct run *run) { run->started_ns = now_ns(); }

void run_end(struct run *run) { run->elapsed_ns = now_ns() - run->started_ns; }

void fail(const char *message) {
    fprintf(stderr, "bench: %s\n", message);
    abort();
}

void *table_map(size_t size_bytes) {
    void *table = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (table == MAP_FAILED) {
        fail("no memory for a table of the workload");
    }
    return table;
}

void table_unmap(void *table, size_t size_bytes) { munmap(table, size_bytes); }

uint64_t proc_kib(const char *path, const char *field) {
    char text[8192];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0) {
        close(fd);
    }
    text[length < 0 ? 0 : length] = '\0';
    const char *found = strstr(text, field);
    return found == NULL ? 0 : strtoull(found + strlen(field), NULL, 10);
}

bool number_parse(const char *text, uint64_t *number) {
    char *end = NULL;
    *number = strtoull(text, &end, 10);
    return end != text && *end == '\0' && *text != '-';
}

/* Draws a size of at most `limit_bytes`. */
static uint32_t size_draw(struct dice *dice, uint32_t limit_bytes) {
    for (;;) {
        uint32_t left = dice_below(dice, 1000);
        const struct size_range *range = program_ranges;
        while (left >= range->per_mille) {
            left -= range->per_mille;
            range++;
        }
        if (range->to_bytes <= limit_bytes) {
            return range->from_bytes + dice_below(dice, range->to_bytes - range->from_bytes + 1);
        }
    }
}

void sizes_init(void) {
    struct dice dice = {88172645463325252u};
    for (size_t i = 0; i < SIZE_TABLE_COUNT; i++) {
        program_sizes[i] = size_draw(&dice, UINT32_MAX);
        small_sizes[i] = size_draw(&dice, 1024);
    }
}
