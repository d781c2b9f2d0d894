// expect: size-mismatch: free_sized of @ with size 100 bytes, which does not belong to its block of 1024 bytes
// expect-debug: size-mismatch: free_sized of @ with size 100 bytes, which does not belong to its block of 1000 bytes
#include "misuse.h"

int main(void) {
    free_sized(aim(malloc(1000)), 100);
    return 0;
}
