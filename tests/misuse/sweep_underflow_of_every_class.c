// expect: exit 0
/* By one byte, by eight, and by all of the head. */
#include "sweep.h"

int main(void) {
    sweep_start();
    size_t sizes[SWEEP_SIZE_COUNT];
    sweep_sizes(sizes);
    for (size_t i = 0; i < SWEEP_SIZE_COUNT; i++) {
        for (size_t by = 1; by <= 16; by *= 2) {
            unsigned char *block = malloc(sizes[i]);
            spoil(block - by, by);
            free(block);
            sweep_expect("heap-buffer-underflow", block, sizes[i]);
        }
    }
    return 0;
}
