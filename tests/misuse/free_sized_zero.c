// expect: size-mismatch: free_sized of @ with size 0 bytes, which does not belong to its block of 112 bytes
// expect-debug: size-mismatch: free_sized of @ with size 0 bytes, which does not belong to its block of 100 bytes
#include "misuse.h"

int main(void) {
    free_sized(aim(malloc(100)), 0);
    return 0;
}
