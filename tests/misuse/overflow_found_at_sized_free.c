// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 24 bytes at @ has 1 byte written past its end, at offset 24; found at free_sized
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(24));
    spoil(block + 24, 1);
    free_sized(block, 24);
    return 0;
}
