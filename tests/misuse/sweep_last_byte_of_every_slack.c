// expect: exit 0
/* The last byte before the next block, which the program may believe to be its own. */
#include "sweep.h"

int main(void) {
    sweep_start();
    for (size_t size = 1; size <= 1200; size++) {
        unsigned char *block = malloc(size);
        size_t slack = -size % 16;
        if (slack > 0) {
            spoil(block + size + slack - 1, 1);
            free(block);
            sweep_expect("heap-buffer-overflow", block, size);
        }
    }
    return 0;
}
