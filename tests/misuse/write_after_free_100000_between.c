// expect: exit 0
// expect-debug: heap-use-after-free: block of 64 bytes at @ has 8 bytes written after it was freed, at offset 0; found at exit
// options-debug: protect_pools=0
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(64));
    free(block);
    for (int i = 0; i < 100000; i++) {
        free(malloc(64));
    }
    spoil(block, 8);
    return 0;
}
