// expect: exit 0
// expect-debug: heap-buffer-underflow: block of 24 bytes at @ has 1 byte written before its start, at offset -16; found at free
#include "misuse.h"

int main(void) {
    void *before = malloc(24);
    unsigned char *block = aim(malloc(24));
    free(before);
    spoil(block - 16, 1);
    free(block);
    return 0;
}
