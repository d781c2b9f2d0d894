// expect: size-mismatch: free_sized of @ with size 204800 bytes, which does not belong to its block of 327680 bytes
#include "misuse.h"

int main(void) {
    free_sized(aim(malloc(320 * KIB)), 200 * KIB);
    return 0;
}
