// expect: realloc-of-freed: realloc of @, which is already free
#include "misuse.h"

static void grow(void *block) { block = realloc(block, 1000); }

int main(void) {
    void *block = aim(malloc(64));
    free(block);
    in_thread(grow, block);
    return 0;
}
