// expect: size-mismatch: free_sized of @ with size 1000 bytes, which does not belong to its block of 112 bytes
// expect-debug: size-mismatch: free_sized of @ with size 1000 bytes, which does not belong to its block of 100 bytes
#include "misuse.h"

static void free_as_1000(void *block) { free_sized(block, 1000); }

int main(void) {
    in_thread(free_as_1000, aim(malloc(100)));
    return 0;
}
