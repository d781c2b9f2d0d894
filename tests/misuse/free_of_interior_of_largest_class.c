// expect: bad-free: free of @, which is not the start of a live block: it lies 32768 bytes inside a block of 65536 bytes
#include "misuse.h"

int main(void) {
    free(aim(at(malloc(64 * KIB), 32 * KIB)));
    return 0;
}
