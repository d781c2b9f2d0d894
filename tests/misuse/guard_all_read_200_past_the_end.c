// expect: exit 0
// expect-debug: heap-buffer-overflow: read past the end of a block of 32 bytes at @, at offset 232
// options-debug: guard=all
#include "misuse.h"

int main(void) {
    volatile unsigned char *block = aim(malloc(32));
    (void)block[232];
    return 0;
}
