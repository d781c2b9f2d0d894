// expect: exit 0
// expect-debug: fence-write: block of 64 bytes at @ has 1 byte written in one of its fences, at offset 16; found at free
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(64));
    cairn_fence(block, 16, 8);
    spoil(block + 16, 1);
    free(block);
    return 0;
}
