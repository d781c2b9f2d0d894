// expect: bad-free: free of @, which is not the start of a live block: it lies 12 bytes inside a block of 112 bytes
// expect-debug: bad-free: free of @, which is not the start of a live block: it lies 12 bytes inside a block of 100 bytes
#include "misuse.h"

int main(void) {
    free(aim(at(malloc(100), 12)));
    return 0;
}
