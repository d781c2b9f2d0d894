// expect: exit 0
// expect-debug: heap-buffer-underflow: block of 100 bytes at @ has 1 byte written before its start, at offset -1; found at free
#include "misuse.h"

int main(void) {
    void *before = aligned_alloc(64, 100);
    unsigned char *block = aim(aligned_alloc(64, 100));
    spoil(block - 1, 1);
    free(block);
    return 0;
}
