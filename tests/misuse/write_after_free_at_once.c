// expect: exit 0
// expect-debug: heap-use-after-free: block of 64 bytes at @ has 1 byte written after it was freed, at offset 10; found at exit
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(64));
    free(block);
    spoil(block + 10, 1);
    return 0;
}
