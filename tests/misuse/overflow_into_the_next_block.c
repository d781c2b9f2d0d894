// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 32 bytes at @ has 24 bytes written past its end, at offset 32; found at free
/* The block that was run over is freed first: it is not the one that is to blame. */
#include "misuse.h"

int main(void) {
    unsigned char *blocks[] = {malloc(32), malloc(32), malloc(32)};
    aim(blocks[0] < blocks[1] ? blocks[0] : blocks[1]);
    spoil(blocks[0] < blocks[1] ? blocks[0] + 32 : blocks[1] + 32, 24);
    free(blocks[1]);
    free(blocks[0]);
    return 0;
}
