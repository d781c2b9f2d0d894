/*
 * early.c: allocates before any constructor of a library has run, in .preinit_array. What is taken there is resized and
 * freed in main.
 */
#include <stdlib.h>

#include "tests/hazards/say.h"

static void *early_blocks[3];

static void fill(void *block, size_t size) {
    require(block != NULL, "an early allocation failed");
    memset(block, 0x31, size);
}

static void before_constructors(void) {
    early_blocks[0] = malloc(5000);
    early_blocks[1] = calloc(10, 20000);
    early_blocks[2] = realloc(malloc(40), 400);
    fill(early_blocks[0], 5000);
    fill(early_blocks[1], 200000);
    fill(early_blocks[2], 400);
    for (size_t i = 0; i < 1000; i++) {
        free(hide(malloc(i * 10)));
    }
}

__attribute__((section(".preinit_array"), used)) static void (*const preinit)(void) = before_constructors;

__attribute__((constructor)) static void in_constructor(void) {
    early_blocks[0] = realloc(early_blocks[0], 10000);
    fill(early_blocks[0], 10000);
}

int main(void) {
    for (size_t i = 0; i < 3; i++) {
        require(early_blocks[i] != NULL, "an early block is missing");
        early_blocks[i] = realloc(early_blocks[i], 70000 * (i + 1));
        fill(early_blocks[i], 70000 * (i + 1));
        free(early_blocks[i]);
    }
    return 0;
}
