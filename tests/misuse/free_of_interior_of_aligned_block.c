// expect: bad-free: free of @, which is not the start of a live block: it lies 4096 bytes inside a block of 12288 bytes
#include "misuse.h"

int main(void) {
    free(aim(at(aligned_alloc(4 * KIB, 12 * KIB), 4 * KIB)));
    return 0;
}
