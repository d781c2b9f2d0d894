// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 100 bytes at @ has 1 byte written past its end, at offset 100; found at free
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(aligned_alloc(64, 100));
    spoil(block + 100, 1);
    free(block);
    return 0;
}
