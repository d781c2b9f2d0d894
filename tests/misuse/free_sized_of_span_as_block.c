// expect: size-mismatch: free_sized of @ with size 100 bytes, which does not belong to its block of 262144 bytes
// expect-debug: size-mismatch: free_sized of @ with size 100 bytes, which does not belong to its block of 204800 bytes
#include "misuse.h"

int main(void) {
    free_sized(aim(malloc(200 * KIB)), 100);
    return 0;
}
