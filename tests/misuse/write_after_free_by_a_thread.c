// expect: exit 0
// expect-debug: heap-use-after-free: block of 64 bytes at @ has 1 byte written after it was freed, at offset 3; found at exit
#include "misuse.h"

static void scribble(void *block) { spoil((unsigned char *)block + 3, 1); }

int main(void) {
    unsigned char *block = aim(malloc(64));
    free(block);
    in_thread(scribble, block);
    return 0;
}
