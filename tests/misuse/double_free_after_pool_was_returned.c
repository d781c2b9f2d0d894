// expect: double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    void **blocks = many_blocks(10000, 500);
    void *block = aim(blocks[5000]);
    for (size_t i = 0; i < 10000; i++) {
        free(blocks[i]);
    }
    malloc_trim(0);
    free(block);
    return 0;
}
