/*
 * announce.c: fuzzers have AddressSanitizer told nothing of Cairn's blocks (the option `announce`): they write where a
 * program may not, and begin the allocator anew behind its back. It is linked with all of them.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

/* Ahead of the constructor in which Cairn reads its options, which has priority 101. */
static void announce_nothing(void) {
    const char *options = getenv("CAIRN_OPTIONS");
    char more[4096];
    int length =
        snprintf(more, sizeof more, "%s%sannounce=0", options != NULL ? options : "", options != NULL ? ":" : "");
    if (length > 0 && (size_t)length < sizeof more) {
        (void)setenv("CAIRN_OPTIONS", more, 1);
    }
}

__attribute__((section(".init_array.00050"), used)) static void (*const at_start)(void) = announce_nothing;
