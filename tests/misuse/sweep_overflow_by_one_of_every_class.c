// expect: exit 0
/* Each size class, and spans. */
#include "sweep.h"

int main(void) {
    sweep_start();
    size_t sizes[SWEEP_SIZE_COUNT];
    sweep_sizes(sizes);
    for (size_t i = 0; i < SWEEP_SIZE_COUNT; i++) {
        unsigned char *block = malloc(sizes[i]);
        spoil(block + sizes[i], 1);
        free(block);
        sweep_expect("heap-buffer-overflow", block, sizes[i]);
    }
    return 0;
}
