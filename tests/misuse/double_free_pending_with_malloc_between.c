// expect: double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(64));
    in_thread(free, block);
    void *other = malloc(64);
    require(other != block, "one block does not yet take in what other threads freed");
    free(block);
    malloc_trim(0);
    free(other);
    return 0;
}
