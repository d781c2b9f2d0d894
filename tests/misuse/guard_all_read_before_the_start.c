// expect: exit 0
// expect-debug: heap-buffer-underflow: read before the start of a block of 32 bytes at @, at offset -1
// options-debug: guard=all:guard_side=before
#include "misuse.h"

int main(void) {
    void *before = malloc(32);
    volatile unsigned char *block = aim(malloc(32));
    (void)block[-1];
    return 0;
}
