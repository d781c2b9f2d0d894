// expect: exit 0
// expect-debug: heap-buffer-underflow: block of 1048576 bytes at @ has 1 byte written before its start, at offset -1; found at free
#include "misuse.h"

int main(void) {
    void *before = malloc(MIB);
    unsigned char *block = aim(malloc(MIB));
    spoil(block - 1, 1);
    free(block);
    return 0;
}
