// expect: size-mismatch: free_aligned_sized of @ with size 100 bytes and alignment 3 bytes, which does not belong to its block of 112 bytes
// expect-debug: invalid-alignment: free_aligned_sized of @ with alignment 3 bytes, which is not a power of two
#include "misuse.h"

int main(void) {
    free_aligned_sized(aim(aligned_alloc(16, 100)), 3, 100);
    return 0;
}
