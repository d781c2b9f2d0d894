/*
 * overrun_program.c: allocates blocks of 160 bytes, so many as its first argument says, and reads or writes, as its
 * second one says, the byte behind each: `read` or `write`; or behind the last alone: `write-last`. Prints `not
 * stopped` then.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile size_t size = 160; /* of which the compiler knows nothing */

static void overrun(volatile char *block, const char *how) {
    if (strcmp(how, "read") == 0) {
        (void)block[size];
    } else {
        block[size] = 0;
    }
}

int main(int count, char **arguments) {
    long blocks = count > 2 ? strtol(arguments[1], NULL, 10) : 0;
    for (long i = 1; i <= blocks; i++) {
        volatile char *block = malloc(size);
        if (block == NULL) {
            return EXIT_FAILURE;
        }
        if (i == blocks || strcmp(arguments[2], "write-last") != 0) {
            overrun(block, arguments[2]);
        }
    }
    return puts("not stopped") == EOF;
}
