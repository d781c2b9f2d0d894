// expect: double-free: free of @, which is already free
#include "misuse.h"

static void *block;

static void free_it(void) { free(block); }

int main(void) {
    block = aim(malloc(64));
    atexit(free_it);
    atexit(free_it);
    return 0;
}
