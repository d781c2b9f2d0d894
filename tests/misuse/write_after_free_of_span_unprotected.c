// expect: exit 0
// expect-debug: heap-use-after-free: block of 1048576 bytes at @ has 4 bytes written after it was freed, at offset 5000; found at exit
// options-debug: protect_freed=0
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(MIB));
    memset(block, 0, MIB);
    free(block);
    spoil(block + 5000, 4);
    return 0;
}
