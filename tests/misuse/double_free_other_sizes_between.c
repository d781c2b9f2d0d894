// expect: double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(64));
    void *keep = malloc(64);
    free(block);
    for (size_t size = 100; size < 100000; size++) {
        free(malloc(size));
    }
    free(block);
    free(keep);
    return 0;
}
