/*
 * trace.h: what an input stands for, told while it is run, by harnesses whose inputs are no programs: a line for each
 * call, on standard error, where the environment has CAIRN_FUZZ_TRACE.
 */
#ifndef CAIRN_FUZZ_TRACE_H
#define CAIRN_FUZZ_TRACE_H

#include <stdbool.h>
#include <stdio.h>

/* Set before main; see announce.c. */
extern bool cn_trace_is_on;

/* As printf. */
#define CN_TRACE(...)                                                                                                  \
    do {                                                                                                               \
        if (cn_trace_is_on) {                                                                                          \
            (void)fprintf(stderr, "trace: " __VA_ARGS__);                                                              \
            (void)fputc('\n', stderr);                                                                                 \
        }                                                                                                              \
    } while (0)

#endif
