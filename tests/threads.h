/*
 * threads.h: starting and joining threads, and marked blocks: blocks that say their own size and show whether anybody
 * else wrote to them, so that whichever thread holds one can check it.
 */
#ifndef CAIRN_TESTS_THREADS_H
#define CAIRN_TESTS_THREADS_H

#include <pthread.h>
#include <stdatomic.h>

#include "tests/support.h"

enum { MOST_THREADS = 64 };

static inline void start_all(pthread_t *threads, size_t count, void *(*run)(void *), void *argument) {
    for (size_t i = 0; i < count; i++) {
        MUST(pthread_create(&threads[i], NULL, run, argument) == 0);
    }
}

static inline void join_all(const pthread_t *threads, size_t count) {
    for (size_t i = 0; i < count; i++) {
        MUST(pthread_join(threads[i], NULL) == 0);
    }
}

static inline void run_threads(size_t count, void *(*run)(void *), void *argument) {
    pthread_t threads[MOST_THREADS];
    MUST(count <= MOST_THREADS);
    start_all(threads, count, run, argument);
    join_all(threads, count);
}

/* A seed that differs from thread to thread. */
static inline uint64_t seed_of_thread(void) { return (uint64_t)pthread_self() | 1; }

/* What to ask for, for a marked block of `bytes`. */
static inline size_t marked_size(size_t bytes) { return sizeof(uint64_t) + bytes; }

/* Marks a block of marked_size(bytes): its first word is `bytes`, then comes the pattern. Returns the block. */
static inline void *mark(void *block, size_t bytes) {
    uint64_t *words = block;
    MUST(words != NULL);
    words[0] = bytes;
    fill_pattern(words + 1, bytes, bytes);
    return block;
}

static inline size_t marked_bytes(const void *block) {
    const uint64_t *words = block;
    return words[0];
}

/* The block, after a look at its mark. */
static inline void *unmark(void *block) {
    uint64_t *words = block;
    MUST(has_pattern(words + 1, words[0], words[0]));
    return block;
}

#endif
