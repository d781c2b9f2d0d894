/*
 * aids_program.c: allocates blocks of 24 bytes, so many as its argument says, and prints the number of each that it did
 * not get, a line each. It allocates nothing else, and gives nothing back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char **arguments) {
    long blocks = count > 1 ? strtol(arguments[1], NULL, 10) : 0;
    for (long i = 0; i < blocks; i++) {
        errno = 0;
        if (malloc(24) == NULL) {
            dprintf(STDOUT_FILENO, "%ld %s\n", i, errno == ENOMEM ? "ENOMEM" : "another error");
        }
    }
    return 0;
}
