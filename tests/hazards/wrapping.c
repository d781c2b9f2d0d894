/*
 * wrapping.c: a library to be preloaded beside the allocator: it has functions of the C library that allocate when they are
 * first called, to find those that come next. So do libfaketime, uid_wrapper and torsocks.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>

#include "tests/hazards/find.h"

#define EXPORT __attribute__((visibility("default")))

static void find_next(const char *name, void *function) {
    free(hide(malloc(100)));
    find(RTLD_NEXT, name, function);
}

EXPORT pid_t getpid(void) {
    static pid_t (*next)(void);
    if (next == NULL) {
        find_next("getpid", &next);
    }
    return next();
}

EXPORT long syscall(long number, ...) {
    static long (*next)(long number, ...);
    long arguments[6];
    va_list list;
    va_start(list, number);
    for (size_t i = 0; i < 6; i++) {
        arguments[i] = va_arg(list, long);
    }
    va_end(list);
    if (next == NULL) {
        find_next("syscall", &next);
    }
    return next(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}
