// expect: bad-free: free of @, which is not the start of a live block: it lies 111 bytes inside a block of 112 bytes
// expect-debug: bad-free: free of @, which is not the start of a live block: it lies 99 bytes inside a block of 100 bytes
#include "misuse.h"

int main(void) {
    void *block = malloc(100);
    free(aim(at(block, (ptrdiff_t)malloc_usable_size(block) - 1)));
    return 0;
}
