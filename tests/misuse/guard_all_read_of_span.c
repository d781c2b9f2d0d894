// expect: exit 0
// expect-debug: heap-buffer-overflow: read past the end of a block of 1048576 bytes at @, at offset 1048576
// options-debug: guard=all
#include "misuse.h"

int main(void) {
    volatile unsigned char *block = aim(malloc(MIB));
    (void)block[MIB];
    return 0;
}
