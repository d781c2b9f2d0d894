// expect: size-mismatch: free_sized of @ with size 9437184 bytes, which does not belong to its block of 262144 bytes
// expect-debug: size-mismatch: free_sized of @ with size 9437184 bytes, which does not belong to its block of 204800 bytes
#include "misuse.h"

int main(void) {
    free_sized(aim(malloc(200 * KIB)), 9 * MIB);
    return 0;
}
