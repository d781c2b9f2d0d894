/*
 * grow.c: resizes a large block that must move each time, since another lies behind it, and requires its contents.
 */
#include <stdlib.h>

#include "tests/hazards/say.h"

enum { MIB = 1 << 20, PAGE = 4096, STEPS = 6 };

int main(void) {
    size_t size = 2 * MIB;
    void *neighbours[STEPS];
    unsigned char *block = malloc(size);
    require(block != NULL, "no memory");
    memset(block, 7, size);
    for (size_t step = 0; step < STEPS; step++) {
        size_t larger = size + size / 2;
        neighbours[step] = hide(malloc((size_t)300 * MIB));
        block = realloc(block, larger);
        require(block != NULL, "no memory to resize");
        for (size_t i = 0; i < size; i += PAGE) {
            require(block[i] == 7, "the contents are lost");
        }
        memset(block + size, 7, larger - size);
        size = larger;
    }
    free(block);
    for (size_t step = 0; step < STEPS; step++) {
        free(neighbours[step]);
    }
    return 0;
}
