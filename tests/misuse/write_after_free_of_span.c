// expect: exit 0
// expect-debug: heap-use-after-free: (write in a freed block of 1048576 bytes at @, at offset 5000|block of 1048576 bytes at @ has 4 bytes written after it was freed, at offset 5000; found at exit)
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(MIB));
    free(block);
    block[5000] = 1;
    return 0;
}
