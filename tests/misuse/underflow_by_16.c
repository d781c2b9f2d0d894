// expect: exit 0
// expect-debug: heap-buffer-underflow: block of 24 bytes at @ has 16 bytes written before its start, at offset -16; found at free
#include "misuse.h"

int main(void) {
    void *before = malloc(24);
    unsigned char *block = aim(malloc(24));
    spoil(block - 16, 16);
    free(block);
    return 0;
}
