// expect: exit 0
// expect-debug: heap-use-after-free: read in a freed block of 32 bytes at @, at offset 7
// options-debug: guard=all
#include "misuse.h"

int main(void) {
    volatile unsigned char *block = aim(malloc(32));
    free((void *)block);
    (void)block[7];
    return 0;
}
