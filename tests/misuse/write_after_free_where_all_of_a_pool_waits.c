// expect: exit 0
// expect-debug: heap-use-after-free: write in a freed block of 100 bytes at @, at offset 5
// options-debug: protect_pools=1000
#include "misuse.h"

enum { COUNT = 20000, WATCHED = COUNT / 2 + 7 };

static char *blocks[COUNT];

int main(void) {
    for (int i = 0; i < COUNT; i++) {
        blocks[i] = malloc(100);
    }
    volatile char *block = aim(blocks[WATCHED]);
    for (int i = 0; i < COUNT; i++) {
        free(blocks[i]);
    }
    block[5] = 1;
    return 0;
}
