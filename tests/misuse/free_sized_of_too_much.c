// expect: size-mismatch: free_sized of @ with size 18446744073709551615 bytes, which does not belong to its block of 112 bytes
// expect-debug: size-mismatch: free_sized of @ with size 18446744073709551615 bytes, which does not belong to its block of 100 bytes
#include "misuse.h"

int main(void) {
    free_sized(aim(malloc(100)), SIZE_MAX);
    return 0;
}
