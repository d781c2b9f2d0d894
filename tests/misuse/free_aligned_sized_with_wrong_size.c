// expect: size-mismatch: free_aligned_sized of @ with size 1024 bytes and alignment 64 bytes, which does not belong to its block of 128 bytes
#include "misuse.h"

int main(void) {
    free_aligned_sized(aim(aligned_alloc(64, 128)), 64, 1024);
    return 0;
}
