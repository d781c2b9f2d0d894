// expect: double-free: free_aligned_sized of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(aligned_alloc(64, 128));
    free_aligned_sized(block, 64, 128);
    free_aligned_sized(block, 64, 128);
    return 0;
}
