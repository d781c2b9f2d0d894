// expect: bad-free: free of @, which is not the start of a live block: it lies 4096 bytes inside a block of 16384 bytes
#include "misuse.h"

int main(void) {
    free(aim(at(malloc(16 * KIB), 4 * KIB)));
    return 0;
}
