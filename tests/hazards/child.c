/*
 * child.c: forks with a large heap, and looks how much memory the child has made its own when it has allocated and freed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/hazards/say.h"

enum { BLOCKS = 300000, BLOCK_BYTES = 1000, OWN_MAX_KIB = 450 };

static void *blocks[BLOCKS];

/* What no other process shares with this one, and what it has written. */
static unsigned long own_kib(void) {
    char line[256];
    unsigned long kib = 0;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    require(file != NULL, "no smaps_rollup");
    while (fgets(line, sizeof line, file) != NULL && sscanf(line, "Private_Dirty: %lu", &kib) != 1) {
    }
    (void)fclose(file);
    return kib;
}

static int be_child(void) {
    free(blocks[1]);
    blocks[1] = malloc(BLOCK_BYTES);
    unsigned long kib = own_kib();
    return kib > 0 && kib <= OWN_MAX_KIB ? 0 : 1;
}

int main(void) {
    int status = 0;
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(BLOCK_BYTES);
        require(blocks[i] != NULL, "no memory");
    }
    pid_t child = fork();
    require(child >= 0, "no fork");
    if (child == 0) {
        return be_child();
    }
    require(waitpid(child, &status, 0) == child && status == 0, "the child has made too much its own");
    return 0;
}
