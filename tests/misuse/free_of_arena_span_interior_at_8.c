// expect: bad-free: free of @, which is not the start of a live block: it lies 8 bytes inside a block of 9437184 bytes
#include "misuse.h"

int main(void) {
    free(aim(at(malloc(9 * MIB), 8)));
    return 0;
}
