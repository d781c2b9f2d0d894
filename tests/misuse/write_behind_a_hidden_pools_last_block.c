// expect: exit 0
// expect-debug: heap-use-after-free: write in a freed block of 700 bytes at @, at offset 1007
#include "misuse.h"

/* In the debug form a pool of 65,536 bytes holds 85 blocks of 768 bytes, and 256 bytes are left behind them. */
enum { COUNT = 1000, FROM = COUNT / 4, BLOCK = 768, HEAD = 16, SLOT = 65536 };

static char *blocks[COUNT];

static int is_last(const char *block) { return (uintptr_t)block % SLOT - HEAD == SLOT / BLOCK * BLOCK - BLOCK; }

int main(void) {
    int last = FROM;
    for (int i = 0; i < COUNT; i++) {
        blocks[i] = malloc(700);
    }
    while (last < COUNT - 1 && !is_last(blocks[last])) {
        last++;
    }
    volatile char *block = aim(blocks[last]);
    for (int i = 0; i < COUNT; i++) {
        free(blocks[i]);
    }
    block[1007] = 1;
    return 0;
}
