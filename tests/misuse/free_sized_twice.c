// expect: double-free: free_sized of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(100));
    free_sized(block, 100);
    free_sized(block, 100);
    return 0;
}
