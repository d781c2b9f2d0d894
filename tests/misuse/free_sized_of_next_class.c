// expect: size-mismatch: free_sized of @ with size 113 bytes, which does not belong to its block of 112 bytes
// expect-debug: size-mismatch: free_sized of @ with size 101 bytes, which does not belong to its block of 100 bytes
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(100));
    free_sized(block, malloc_usable_size(block) + 1);
    return 0;
}
