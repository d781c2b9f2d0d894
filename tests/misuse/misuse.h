/*
 * misuse.h: what the misuse programs share. Each program shows one behaviour, has its name, and says in its first line
 * what must come of it; tests/misuse_test.sh compiles and runs them and describes that line.
 */
#ifndef CAIRN_TESTS_MISUSE_H
#define CAIRN_TESTS_MISUSE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cairn.h"

#ifdef __cplusplus
extern "C" {
#endif
/* C23, and an old name of free: this C library's headers do not declare them. */
void free_sized(void *block, size_t size);
void free_aligned_sized(void *block, size_t alignment, size_t size);
void cfree(void *block);
#ifdef __cplusplus
}
#endif

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    GIB = 1024 * MIB,
};

/* Tells the driver the address that the report must name: it stands for `@` in the expectation. Does not allocate. */
static inline void *aim(void *address) {
    char line[32];
    int length = snprintf(line, sizeof line, "0x%jx\n", (uintmax_t)(uintptr_t)address);
    if (write(STDOUT_FILENO, line, (size_t)length) != length) {
        _exit(3);
    }
    return address;
}

/* The address `offset` bytes into the block. */
static inline void *at(void *block, ptrdiff_t offset) { return (void *)((uintptr_t)block + (uintptr_t)offset); }

struct beside {
    void (*work)(void);
    volatile bool is_over;
};

static inline void *work_beside(void *argument) {
    struct beside *beside = (struct beside *)argument;
    beside->work();
    beside->is_over = true;
    return NULL;
}

/* Has all blocks checked, again and again, while another thread does its work. */
static inline void check_beside(void (*work)(void)) {
    struct beside beside = {work, false};
    pthread_t thread;
    pthread_create(&thread, NULL, work_beside, &beside);
    while (!beside.is_over) {
        cairn_check();
    }
    pthread_join(thread, NULL);
}

/* Changes each of the bytes, whatever it was. */
static inline void spoil(void *bytes, size_t count) {
    enum { CHANGED_BITS = 0x5a };
    for (size_t i = 0; i < count; i++) {
        ((volatile unsigned char *)bytes)[i] ^= CHANGED_BITS;
    }
}

/* Nothing that was called before leaves a pointer on the stack for a search for leaks to find. */
static __attribute__((noinline, unused)) void clear_stack(void) {
    volatile char bytes[8 * KIB];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = 0;
    }
}

/* Takes blocks of the size until one starts `apart` bytes behind the one before it: that is `next`, and the one before it the
 * result. */
static inline unsigned char *take_neighbours(size_t size, size_t apart, unsigned char **next) {
    unsigned char *first = (unsigned char *)malloc(size);
    while ((*next = (unsigned char *)malloc(size)) != first + apart) {
        first = *next;
    }
    return first;
}

/* Ends the program with status 2 and the text, unless the condition holds. */
static inline void require(bool condition, const char *text) {
    if (!condition) {
        dprintf(STDERR_FILENO, "not so: %s\n", text);
        _exit(2);
    }
}

/* Requires that a free of the address ends the process; it is tried in a child, so that this one goes on. */
static inline void require_refusal(void *address) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        free(address);
        _exit(0);
    }
    waitpid(child, &status, 0);
    require(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "the free is refused");
}

struct thread_task {
    void (*action)(void *);
    void *argument;
};

static inline void *run_thread_task(void *task) {
    ((struct thread_task *)task)->action(((struct thread_task *)task)->argument);
    return NULL;
}

/* Calls action(argument) in a new thread and waits for the thread's end. */
static inline void in_thread(void (*action)(void *), void *argument) {
    struct thread_task task = {action, argument};
    pthread_t thread;
    require(pthread_create(&thread, NULL, run_thread_task, &task) == 0, "a thread starts");
    pthread_join(thread, NULL);
}

/* Starts the program anew with so little address space, once: the allocator finds it from its first moment on. */
static inline void limit_address_space(char **arguments, size_t bytes) {
    struct rlimit limit = {bytes, bytes};
    if (getenv("CAIRN_TEST_IS_LIMITED") == NULL) {
        require(setrlimit(RLIMIT_AS, &limit) == 0 && setenv("CAIRN_TEST_IS_LIMITED", "1", 1) == 0,
                "a limit can be set");
        execv("/proc/self/exe", arguments);
        require(false, "the program starts anew");
    }
}

/* Starts the program anew with these options, once. */
static inline void run_with_options(char **arguments, const char *options) {
    if (getenv("CAIRN_OPTIONS") == NULL) {
        require(setenv("CAIRN_OPTIONS", options, 1) == 0, "options can be set");
        execv("/proc/self/exe", arguments);
        require(false, "the program starts anew");
    }
}

/* Allocates blocks of `size` bytes until there is no memory, into `blocks`; returns how many. */
static inline size_t exhaust(void **blocks, size_t limit, size_t size) {
    size_t count = 0;
    while (count < limit && (blocks[count] = malloc(size)) != NULL) {
        count++;
    }
    require(count > 0 && count < limit && errno == ENOMEM, "memory ends, with ENOMEM");
    return count;
}

/* `count` blocks of `size` bytes, their addresses in a block of their own. */
static inline void **many_blocks(size_t count, size_t size) {
    void **blocks = (void **)malloc(count * sizeof *blocks);
    require(blocks != NULL, "there is memory");
    for (size_t i = 0; i < count; i++) {
        blocks[i] = malloc(size);
        require(blocks[i] != NULL, "there is memory");
    }
    return blocks;
}

/* Allocates, fills and frees blocks of many sizes, and checks that each keeps what was written into it. */
static inline void exercise(void) {
    enum { COUNT = 20000 };
    static unsigned char *blocks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = 16 + i % 1000;
        blocks[i] = (unsigned char *)malloc(size);
        require(blocks[i] != NULL, "there is memory");
        memset(blocks[i], (int)(i % 251), size);
    }
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = 16 + i % 1000;
        require(blocks[i][0] == i % 251 && blocks[i][size - 1] == i % 251, "a block keeps what is written into it");
        free(blocks[i]);
    }
}

#endif
