// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 24 bytes at @ has 1 byte written past its end, at offset 24; found at exit
/* Its thread has ended when it is found. */
#include "misuse.h"

static void overrun(void *nothing) {
    (void)nothing;
    unsigned char *block = aim(malloc(24));
    spoil(block + 24, 1);
}

int main(void) {
    in_thread(overrun, NULL);
    return 0;
}
