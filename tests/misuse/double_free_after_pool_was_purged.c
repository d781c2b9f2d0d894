// expect: double-free: free of @, which is already free
/* Some blocks stay live, so that the pool stays while its empty pages go back to the system. */
#include "misuse.h"

int main(void) {
    void **blocks = many_blocks(10000, 500);
    void *block = aim(blocks[5001]);
    for (size_t i = 0; i < 10000; i++) {
        if (i % 50 != 0) {
            free(blocks[i]);
        }
    }
    malloc_trim(0);
    free(block);
    return 0;
}
