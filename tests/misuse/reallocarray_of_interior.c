// expect: bad-free: realloc of @, which is not the start of a live block: it lies 16 bytes inside a block of 112 bytes
// expect-debug: bad-free: realloc of @, which is not the start of a live block: it lies 16 bytes inside a block of 100 bytes
#include "misuse.h"

int main(void) {
    void *block = reallocarray(aim(at(malloc(100), 16)), 100, 10);
    free(block);
    return 0;
}
