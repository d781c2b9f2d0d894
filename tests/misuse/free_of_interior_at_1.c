// expect: bad-free: free of @, which is not the start of a live block: it lies 1 byte inside a block of 112 bytes
// expect-debug: bad-free: free of @, which is not the start of a live block: it lies 1 byte inside a block of 100 bytes
#include "misuse.h"

int main(void) {
    free(aim(at(malloc(100), 1)));
    return 0;
}
