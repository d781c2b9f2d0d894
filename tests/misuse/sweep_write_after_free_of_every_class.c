// expect: exit 0
// options-debug: protect_pools=0
/* Its first byte, its last, and one in the middle. */
#include "sweep.h"

int main(void) {
    sweep_start();
    size_t sizes[SWEEP_SIZE_COUNT];
    sweep_sizes(sizes);
    for (size_t i = 0; i < SWEEP_SIZE_COUNT; i++) {
        size_t offsets[] = {0, sizes[i] / 2, sizes[i] - 1};
        for (size_t k = 0; k < 3 && sizes[i] <= 60000; k++) {
            unsigned char *block = malloc(sizes[i]);
            free(block);
            spoil(block + offsets[k], 1);
            (void)cairn_check();
            sweep_expect("heap-use-after-free", block, sizes[i]);
        }
    }
    return 0;
}
