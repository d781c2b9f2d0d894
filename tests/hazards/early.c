/*
 * early.c: allocates before any constructor of a library has run: in the resolver of an indirect function, which runs
 * while the program is being relocated, and in .preinit_array. What is taken there is resized and freed in main.
 */
#include <stdlib.h>

#include "tests/hazards/say.h"

static void *early_blocks[4];

static void fill(void *block, size_t size) {
    require(block != NULL, "an early allocation failed");
    memset(block, 0x31, size);
}

static int answer(void) {
    return 42;
}

/* Runs before the C library is fully set up: it may only call malloc and free. */
__attribute__((used)) static int (*resolve_answer(void))(void) {
    early_blocks[0] = malloc(100);
    void *other = malloc(3000);
    free(hide(other));
    return answer;
}

int indirect_answer(void) __attribute__((ifunc("resolve_answer")));

static void before_constructors(void) {
    early_blocks[1] = malloc(5000);
    early_blocks[2] = calloc(10, 20000);
    early_blocks[3] = realloc(malloc(40), 400);
    fill(early_blocks[1], 5000);
    fill(early_blocks[2], 200000);
    fill(early_blocks[3], 400);
    for (size_t i = 0; i < 1000; i++) {
        free(hide(malloc(i * 10)));
    }
}

__attribute__((section(".preinit_array"), used)) static void (*const preinit)(void) = before_constructors;

__attribute__((constructor)) static void in_constructor(void) {
    early_blocks[1] = realloc(early_blocks[1], 10000);
    fill(early_blocks[1], 10000);
}

int main(void) {
    require(indirect_answer() == 42, "the indirect function does not answer");
    for (size_t i = 0; i < 4; i++) {
        require(early_blocks[i] != NULL, "an early block is missing");
        early_blocks[i] = realloc(early_blocks[i], 70000 * (i + 1));
        fill(early_blocks[i], 70000 * (i + 1));
        free(early_blocks[i]);
    }
    return 0;
}
