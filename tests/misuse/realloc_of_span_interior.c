// expect: bad-free: realloc of @, which is not the start of a live block: it lies 4194304 bytes inside a block of 9437184 bytes
#include "misuse.h"

int main(void) {
    void *block = realloc(aim(at(malloc(9 * MIB), 4 * MIB)), 200);
    free(block);
    return 0;
}
