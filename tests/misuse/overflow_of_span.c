// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 1048576 bytes at @ has 1 byte written past its end, at offset 1048576; found at free
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(MIB));
    spoil(block + MIB, 1);
    free(block);
    return 0;
}
