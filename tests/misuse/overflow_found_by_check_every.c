// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 24 bytes at @ has 1 byte written past its end, at offset 24; found at check_every
// options-debug: check_every=100
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(24));
    spoil(block + 24, 1);
    for (int i = 0; i < 1000; i++) {
        free(malloc(100));
    }
    _exit(0);
    return 0;
}
