// expect: double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(9 * MIB));
    free(block);
    malloc_trim(0);
    free(block);
    return 0;
}
