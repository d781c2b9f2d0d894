// expect: double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(64));
    void **others = many_blocks(20, 64);
    free(block);
    for (size_t i = 0; i < 20; i += 2) {
        free(others[i]);
    }
    free(block);
    return 0;
}
