// expect: (double-free: free of @, which is already free|bad-free: free of @, which is not the start of a live block: no block was handed out there)
// expect-debug: bad-free: free of @, which is not the start of a live block: it lies 0 bytes past the end of a block of 1000 bytes
#include "misuse.h"

int main(void) {
    void *block = malloc(1000);
    free(aim(at(block, (ptrdiff_t)malloc_usable_size(block))));
    return 0;
}
