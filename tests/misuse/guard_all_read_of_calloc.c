// expect: exit 0
// expect-debug: heap-buffer-overflow: read past the end of a block of 48 bytes at @, at offset 48
// options-debug: guard=all
#include "misuse.h"

int main(void) {
    volatile unsigned char *block = aim(calloc(3, 16));
    (void)block[48];
    return 0;
}
