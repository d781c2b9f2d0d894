// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 65519 bytes at @ has 17 bytes written past its end, at offset 65519; found at free
#include "misuse.h"

/* Each block fills 64 KiB with what surrounds it. */
int main(void) {
    enum { SIZE = 65519, APART = 65536 };
    unsigned char *block;
    unsigned char *before = aim(take_neighbours(SIZE, APART, &block));
    spoil(before + SIZE, APART - SIZE);
    free(block);
    return 0;
}
