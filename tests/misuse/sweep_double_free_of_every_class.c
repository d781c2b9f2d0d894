// expect: exit 0
/* Each of them at once, and with another free between. */
#include "sweep.h"

int main(void) {
    sweep_start();
    size_t sizes[SWEEP_SIZE_COUNT];
    sweep_sizes(sizes);
    for (size_t i = 0; i < SWEEP_SIZE_COUNT; i++) {
        void *block = malloc(sizes[i]);
        void *other = malloc(sizes[i]);
        free(block);
        free(block);
        sweep_expect("double-free", block, sizes[i]);
        free(other);
        free(block);
        sweep_expect("double-free", block, sizes[i]);
    }
    return 0;
}
