/*
 * around.c: a library to be preloaded together with the allocator, on either side of it, so that its constructor runs
 * before the allocator's own and its destructor after, or the other way round.
 */
#include <stdlib.h>

#include "tests/hazards/say.h"

static void *kept[300];

__attribute__((constructor)) static void begin(void) {
    for (size_t i = 0; i < 300; i++) {
        kept[i] = calloc(1, i * 300 + 1);
        require(kept[i] != NULL, "no memory in the constructor");
        memset(kept[i], 0x17, i * 300 + 1);
    }
}

__attribute__((destructor)) static void end(void) {
    for (size_t i = 0; i < 300; i++) {
        require(((unsigned char *)kept[i])[i * 300] == 0x17, "a block changed");
        kept[i] = realloc(kept[i], i * 500 + 1);
        require(kept[i] != NULL, "no memory in the destructor");
        free(kept[i]);
    }
    say("end of around\n");
}
