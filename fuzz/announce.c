/*
 * announce.c: options that all fuzzers have set, and whether they trace. It is linked with all of them.
 *
 *   announce=0       AddressSanitizer is told nothing of Cairn's blocks: fuzzers write where a program may not, and begin
 *                    the allocator anew behind its back
 *   quarantine=256K  in the debug form: an input sees its own freed blocks leave, and the region stays as small as what it
 *                    has live. With the 64 MiB of a program, freed spans alone, of which only the addresses are kept, come
 *                    to a thousand arenas, and each look at the whole region takes milliseconds
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cairn.h"
#include "fuzz/trace.h"

/* Some fuzzers are of single modules. */
#pragma weak cairn_version

static const char *wanted(void) {
    bool is_debug_form = cairn_version != NULL && strstr(cairn_version(), "debug") != NULL;
    return is_debug_form ? "announce=0:quarantine=256K" : "announce=0";
}

bool cn_trace_is_on;

/* Ahead of the constructor in which Cairn reads its options, which has priority 101. What the environment says
 * holds. */
static void set_options(void) {
    const char *options = getenv("CAIRN_OPTIONS");
    char all[4096];
    cn_trace_is_on = getenv("CAIRN_FUZZ_TRACE") != NULL;
    int length = snprintf(all, sizeof all, "%s:%s", wanted(), options != NULL ? options : "");
    if (length > 0 && (size_t)length < sizeof all) {
        (void)setenv("CAIRN_OPTIONS", all, 1);
    }
}

__attribute__((section(".init_array.00050"), used)) static void (*const at_start)(void) = set_options;
