// expect: realloc-of-freed: realloc of @, which is already free
/* The size cannot be had, and the block is wrong: the wrong block is what the program must hear of. */
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(64));
    free(block);
    block = realloc(block, SIZE_MAX / 4);
    return 0;
}
