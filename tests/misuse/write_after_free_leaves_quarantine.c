// expect: exit 0
// expect-debug: heap-use-after-free: block of 64 bytes at @ has 1 byte written after it was freed, at offset 10; found at quarantine
// options-debug: quarantine=1M:protect_pools=0
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(64));
    free(block);
    spoil(block + 10, 1);
    for (int i = 0; i < 100000; i++) {
        free(malloc(64));
    }
    _exit(0);
    return 0;
}
