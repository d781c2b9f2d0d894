// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 0 bytes at @ has 1 byte written past its end, at offset 0; found at free
/* A block of size 0 has no byte that may be written. */
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(0));
    spoil(block, 1);
    free(block);
    return 0;
}
