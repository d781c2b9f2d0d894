// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 65519 bytes at @ has 117 bytes written past its end, at offset 65519; found at exit
#include "misuse.h"

int main(void) {
    enum { SIZE = 65519, APART = 65536 };
    unsigned char *block;
    unsigned char *before = aim(take_neighbours(SIZE, APART, &block));
    free(block);
    spoil(before + SIZE, APART - SIZE + 100);
    return 0;
}
