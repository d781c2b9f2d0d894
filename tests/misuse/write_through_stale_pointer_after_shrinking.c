// expect: exit 0
// expect-debug: heap-(use-after-free|buffer-overflow): block of [0-9]+ bytes at @ has 4 bytes written (after it was freed|past its end), at offset 100; found at exit
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(200));
    unsigned char *moved = realloc(block, 50);
    spoil(block + 100, 4);
    free(moved);
    return 0;
}
