// expect: exit 0
/* The write that a canary of zeros would not show. */
#include "sweep.h"

int main(void) {
    sweep_start();
    for (size_t size = 0; size <= 1200; size++) {
        char *block = malloc(size + 1);
        block = realloc(block, size);
        if (size == 0) {
            continue; /* it was freed */
        }
        memset(block, 'x', size);
        block[size] = '\0';
        free(block);
        sweep_expect("heap-buffer-overflow", block, size);
    }
    return 0;
}
