// expect: size-mismatch: free_aligned_sized of @ with size 128 bytes and alignment 4096 bytes, which does not belong to its block of 128 bytes
// expect-debug: invalid-alignment: free_aligned_sized of @ with alignment 4096 bytes, which the block does not have
#include "misuse.h"

int main(void) {
    free_aligned_sized(aim(aligned_alloc(64, 128)), 4096, 128);
    return 0;
}
