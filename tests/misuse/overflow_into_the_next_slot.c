// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 65519 bytes at @ has 17 bytes written past its end, at offset 65519; found at free
#include "misuse.h"

/* Each block fills 64 KiB with what surrounds it. */
int main(void) {
    enum { SIZE = 65519, APART = 65536 };
    unsigned char *before = malloc(SIZE);
    unsigned char *block = malloc(SIZE);
    while (block != before + APART) {
        before = block;
        block = malloc(SIZE);
    }
    aim(before);
    spoil(before + SIZE, APART - SIZE);
    free(block);
    return 0;
}
