// expect: exit 0
// expect-debug: heap-buffer-overflow: write past the end of a block of 32 bytes at @, at offset 32
// options-debug: guard=all
#include "misuse.h"

int main(void) {
    volatile unsigned char *block = aim(malloc(32));
    block[32] = 1;
    return 0;
}
