// expect: exit 0
// expect-debug: heap-use-after-free: block of 64 bytes at @ has 1 byte written after it was freed, at offset 3; found at exit
/* Another thread has freed it. */
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(64));
    in_thread(free, block);
    spoil(block + 3, 1);
    return 0;
}
