// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 16777217 bytes at @ has 1 byte written past its end, at offset 16777217; found at free
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(16 * MIB + 1));
    spoil(block + 16 * MIB + 1, 1);
    free(block);
    return 0;
}
