// expect: exit 0
// expect-debug: heap-buffer-underflow: block of 100 bytes at @ has 1 byte written before its start, at offset -64; found at free
#include "misuse.h"

int main(void) {
    void *before = aligned_alloc(64, 100);
    unsigned char *block = aim(aligned_alloc(64, 100));
    free(before);
    spoil(block - 64, 1);
    free(block);
    return 0;
}
