/*
 * growth_program.c: for growth_test.sh: a pattern of calls at a size that it is told.
 *
 *     growth_program PATTERN COUNT
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/cairn.h"

enum { THREADS_MAX = 400, STACK_BYTES = 65536 };

static pthread_barrier_t all_have_allocated;

static void must(bool holds, const char *what) {
    if (!holds) {
        (void)fprintf(stderr, "growth_program: %s\n", what);
        exit(2);
    }
}

/* Two fit an arena, and leave a hole that is nearly as large. */
static void take_large_blocks(size_t count) {
    for (size_t i = 0; i < count; i++) {
        must(cairn_malloc((size_t)3 << 19) != NULL, "there is no memory");
    }
}

static void take_blocks_aligned_to_half_an_arena(size_t count) {
    for (size_t i = 0; i < count; i++) {
        must(cairn_aligned_alloc((size_t)2 << 20, 4096) != NULL, "there is no memory");
    }
}

static void *allocate_and_wait(void *argument) {
    must(cairn_malloc(100) != NULL, "there is no memory");
    (void)pthread_barrier_wait(&all_have_allocated);
    return argument;
}

/* All are there at once, so that each has a heap of its own, and leaves it with a block. */
static void run_threads(size_t count) {
    pthread_t threads[THREADS_MAX];
    pthread_attr_t attributes;
    must(count <= THREADS_MAX, "so many threads are too many");
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
    (void)pthread_barrier_init(&all_have_allocated, NULL, (unsigned)count);
    for (size_t i = 0; i < count; i++) {
        must(pthread_create(&threads[i], &attributes, allocate_and_wait, NULL) == 0, "a thread does not start");
    }
    for (size_t i = 0; i < count; i++) {
        (void)pthread_join(threads[i], NULL);
    }
}

static void make_heaps_beside_abandoned_ones(size_t count) {
    run_threads(count / 10);
    for (size_t i = 0; i < count; i++) {
        struct cairn_heap *heap = cairn_heap_create("request", NULL);
        must(heap != NULL && cairn_heap_malloc(heap, 10) != NULL, "there is no heap");
    }
}

static const struct {
    const char *name;
    void (*run)(size_t count);
} patterns[] = {
    {"large", take_large_blocks},
    {"aligned", take_blocks_aligned_to_half_an_arena},
    {"heaps", make_heaps_beside_abandoned_ones},
};

int main(int argument_count, char **arguments) {
    for (size_t i = 0; argument_count == 3 && i < sizeof patterns / sizeof patterns[0]; i++) {
        if (strcmp(arguments[1], patterns[i].name) == 0) {
            patterns[i].run(strtoul(arguments[2], NULL, 10));
            return 0;
        }
    }
    (void)fprintf(stderr, "usage: growth_program large|aligned|heaps COUNT\n");
    return 2;
}
