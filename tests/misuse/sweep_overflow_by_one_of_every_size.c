// expect: exit 0
/* Every slack that a small block can have. */
#include "sweep.h"

int main(void) {
    sweep_start();
    for (size_t size = 0; size <= 1200; size++) {
        unsigned char *block = malloc(size);
        spoil(block + size, 1);
        free(block);
        sweep_expect("heap-buffer-overflow", block, size);
    }
    return 0;
}
