// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 33 bytes at @ has 1 byte written past its end, at offset 33; found at free
// options-debug: guard=all
/* Blocks start at multiples of 16, so that up to 15 bytes lie between their end and the page. */
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(33));
    spoil(block + 33, 1);
    free(block);
    return 0;
}
