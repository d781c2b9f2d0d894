// expect: size-mismatch: free_sized of @ with size 204800 bytes, which does not belong to its block of 112 bytes
// expect-debug: size-mismatch: free_sized of @ with size 204800 bytes, which does not belong to its block of 100 bytes
#include "misuse.h"

int main(void) {
    free_sized(aim(malloc(100)), 200 * KIB);
    return 0;
}
