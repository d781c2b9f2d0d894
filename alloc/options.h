/*
 * options.h: what can be set from outside: CAIRN_OPTIONS=key=value:key=value in the environment.
 *
 * Read once, when the library is loaded, without allocating. An unknown key or a bad value gets one line on standard
 * error, and the default holds. A program that runs with more rights than its caller ignores the variable.
 */
#ifndef CN_OPTIONS_H
#define CN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CN_OPTION_PATH_BYTES = 1024 };

struct cn_options {
    bool stats; /* stats=1: text on standard error at exit */
    int fill_allocated;
    int fill_freed;
    size_t quarantine_bytes;
    unsigned stack_depth;
    uint64_t check_every;
    int check_signal;
    bool check_at_exit;
    bool protect_freed;
    bool mismatch;
    char stats_json[CN_OPTION_PATH_BYTES]; /* stats_json=PATH: JSON at exit; %p in it is the process id */
};

extern struct cn_options cn_options;

/* Reads the environment. */
void cn_options_read(void);

/* Sets `options` from `text`, as it would stand in the environment. Returns how many entries were refused. */
unsigned cn_options_parse(struct cn_options *options, const char *text);

#endif
