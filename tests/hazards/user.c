/*
 * user.c: a library that is loaded and unloaded while the program runs: it allocates when loaded, holds a block for
 * each thread in thread-local storage, and frees when unloaded.
 */
#include <stdlib.h>

#include "tests/hazards/say.h"

static void *kept;
static _Thread_local void *of_thread;
static _Thread_local char room[3000];

void *user_take(size_t size);
void user_give(void *block);

__attribute__((constructor)) static void begin(void) {
    kept = malloc(12345);
    require(kept != NULL, "no memory when loaded");
}

__attribute__((destructor)) static void end(void) {
    free(kept);
    free(malloc(100));
}

void *user_take(size_t size) {
    room[size % sizeof room] = 1;
    free(of_thread);
    of_thread = malloc(size);
    require(of_thread != NULL, "no memory in the library");
    memset(of_thread, 5, size);
    return malloc(size);
}

void user_give(void *block) {
    free(block);
    free(of_thread);
    of_thread = NULL;
}
