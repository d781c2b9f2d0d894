// expect: double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(200 * KIB));
    in_thread(free, block);
    in_thread(free, block);
    malloc_trim(0);
    return 0;
}
