// expect: exit 0
// expect-debug: heap-buffer-underflow: block of 24 bytes at @ has 4 bytes written before its start, at offset -4; found at exit
#include "misuse.h"

int main(void) {
    void *before = malloc(24);
    unsigned char *block = aim(malloc(24));
    spoil(block - 4, 4);
    return 0;
}
