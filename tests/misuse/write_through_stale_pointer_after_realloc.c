// expect: exit 0
// expect-debug: heap-use-after-free: block of 64 bytes at @ has 4 bytes written after it was freed, at offset 4; found at exit
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(64));
    unsigned char *moved = realloc(block, 200);
    if (moved != block) {
        spoil(block + 4, 4);
    }
    free(moved);
    return 0;
}
