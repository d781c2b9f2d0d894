// expect: bad-free: free_sized of @, which is not the start of a live block: it lies 16 bytes inside a block of 112 bytes
// expect-debug: bad-free: free_sized of @, which is not the start of a live block: it lies 16 bytes inside a block of 100 bytes
#include "misuse.h"

int main(void) {
    free_sized(aim(at(malloc(100), 16)), 84);
    return 0;
}
