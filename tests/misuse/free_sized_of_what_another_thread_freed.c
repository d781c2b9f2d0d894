// expect: double-free: free_sized of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(100));
    in_thread(free, block);
    free_sized(block, 100);
    malloc_trim(0);
    return 0;
}
