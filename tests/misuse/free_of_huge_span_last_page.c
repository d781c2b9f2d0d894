// expect: bad-free: free of @, which is not the start of a live block: it lies 104853504 bytes inside a block of 104857600 bytes
#include "misuse.h"

int main(void) {
    free(aim(at(malloc(100 * MIB), 100 * MIB - 4 * KIB)));
    return 0;
}
