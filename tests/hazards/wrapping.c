/*
 * wrapping.c: a library to be preloaded beside the allocator: it has functions of the C library that allocate when they are
 * first called, to find those that come next. So do libfaketime, uid_wrapper and torsocks.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>

#include "tests/hazards/say.h"

static void find(const char *name, void *function) {
    free(hide(malloc(100)));
    void *address = dlsym(RTLD_NEXT, name);
    require(address != NULL, name);
    memcpy(function, &address, sizeof address);
}

__attribute__((visibility("default"))) pid_t getpid(void) {
    static pid_t (*next)(void);
    if (next == NULL) {
        find("getpid", &next);
    }
    return next();
}

__attribute__((visibility("default"))) long syscall(long number, ...) {
    static long (*next)(long number, ...);
    long arguments[6];
    va_list list;
    va_start(list, number);
    for (size_t i = 0; i < 6; i++) {
        arguments[i] = va_arg(list, long);
    }
    va_end(list);
    if (next == NULL) {
        find("syscall", &next);
    }
    return next(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}
