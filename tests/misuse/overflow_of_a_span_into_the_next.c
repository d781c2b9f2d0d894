// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 200000 bytes at @ has [0-9]+ bytes written past its end, at offset 200000; found at free
#include "misuse.h"

int main(void) {
    enum { SIZE = 200000 };
    unsigned char *blocks[] = {malloc(SIZE), malloc(SIZE)};
    unsigned char *first = blocks[blocks[0] > blocks[1]];
    unsigned char *second = blocks[blocks[0] < blocks[1]];
    aim(first);
    spoil(first + SIZE, second - (first + SIZE));
    free(second);
    return 0;
}
