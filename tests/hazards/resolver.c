/*
 * resolver.c: allocates in the resolver of an indirect function, which runs while the program is still being relocated:
 * the libraries' own constructors have not run, and thread-local storage is all zero, whatever it will hold later.
 */
#include <stdlib.h>

#include "tests/hazards/say.h"

static void *early_block;

static int answer(void) { return 42; }

/* It may call malloc and free, which the loader has bound by then, and hardly anything else. */
__attribute__((used)) static int (*resolve_answer(void))(void) {
    early_block = malloc(100);
    for (size_t i = 0; i < 1000; i++) {
        free(hide(malloc(i * 100)));
    }
    return answer;
}

int indirect_answer(void) __attribute__((ifunc("resolve_answer")));

int main(void) {
    require(indirect_answer() == 42, "the indirect function does not answer");
    require(early_block != NULL, "the early allocation failed");
    memset(early_block, 0x31, 100);
    early_block = realloc(early_block, 70000);
    require(early_block != NULL, "no memory to resize");
    free(early_block);
    return 0;
}
