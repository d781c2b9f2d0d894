// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 24 bytes at @ has 1 byte written past its end, at offset 24; found at free
#include "misuse.h"

static void overrun(void *block) { spoil((unsigned char *)block + 24, 1); }

int main(void) {
    unsigned char *block = aim(malloc(24));
    in_thread(overrun, block);
    free(block);
    return 0;
}
