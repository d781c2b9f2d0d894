/*
 * fork_handler.c: a library to be preloaded together with the allocator, which allocates in the child of a fork before
 * the allocator's own constructor could have had anything done there.
 */
#include <pthread.h>
#include <stdlib.h>

#include "tests/hazards/say.h"

enum { CHILD_SECONDS = 5 };

static void in_child(void) {
    alarm(CHILD_SECONDS);
    void *block = malloc((size_t)8 << 20);
    require(block != NULL, "no memory in the fork handler");
    memset(block, 1, (size_t)8 << 20);
    free(block);
    free(hide(malloc(100)));
}

__attribute__((constructor)) static void begin(void) {
    free(hide(malloc(1)));
    require(pthread_atfork(NULL, NULL, in_child) == 0, "no fork handler");
}
