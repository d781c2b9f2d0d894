// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 40 bytes at @ has 1 byte written past its end, at offset 40; found at cairn_check
#include "misuse.h"

static unsigned char *block;

/* A call of its own sees what was written before it, though another thread looks all the time. */
static void damage_and_check(void) {
    usleep(20 * 1000);
    spoil(block + 40, 1);
    cairn_check();
    spoil(block + 40, 1);
}

int main(void) {
    block = aim(malloc(40));
    many_blocks(100000, 100);
    check_beside(damage_and_check);
    _exit(0);
}
