// expect: exit 0
#include "misuse.h"

static void *block;

static void free_it(void) {
    free(block);
    block = NULL;
}

int main(void) {
    block = malloc(64);
    atexit(free_it);
    return 0;
}
