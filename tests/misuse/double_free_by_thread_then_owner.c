// expect: double-free: free of @, which is already free
/* At the latest when the owner takes in what other threads freed, which malloc_trim makes it do. */
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(64));
    in_thread(free, block);
    free(block);
    malloc_trim(0);
    return 0;
}
