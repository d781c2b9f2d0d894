// expect: bad-free: free of @, which is not the start of a live block: it lies 16 bytes inside a block of 262144 bytes
// expect-debug: bad-free: free of @, which is not the start of a live block: it lies 16 bytes inside a block of 204800 bytes
#include "misuse.h"

int main(void) {
    free(aim(at(malloc(200 * KIB), 16)));
    return 0;
}
