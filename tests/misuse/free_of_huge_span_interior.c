// expect: bad-free: free of @, which is not the start of a live block: it lies 54525952 bytes inside a block of 104857600 bytes
#include "misuse.h"

int main(void) {
    free(aim(at(malloc(100 * MIB), 52 * MIB)));
    return 0;
}
