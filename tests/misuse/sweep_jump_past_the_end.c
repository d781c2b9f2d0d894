// expect: exit 0
/* A write that leaves the bytes behind the block as they are, and hits ones that no block has. */
#include "sweep.h"

int main(void) {
    sweep_start();
    for (size_t size = 16; size <= 4096; size *= 2) {
        for (size_t jump = 16; jump <= 256; jump += 24) {
            unsigned char *block = malloc(size);
            spoil(block + size + jump, 1);
            (void)cairn_check();
            spoil(block + size + jump, 1); /* as it was */
            free(block);
            sweep_expect("heap-buffer-overflow", block, size);
        }
    }
    return 0;
}
