// expect: double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(memalign(2 * MIB, 100));
    free(block);
    free(block);
    return 0;
}
