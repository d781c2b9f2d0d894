// expect: exit 0
// expect-debug: heap-use-after-free: read in a freed block of 32 bytes at @, at offset 0
// options-debug: guard=all
#include "misuse.h"

int main(void) {
    volatile unsigned char *block = aim(malloc(32));
    volatile unsigned char *moved = realloc((void *)block, 64);
    (void)moved[0];
    (void)block[0];
    return 0;
}
