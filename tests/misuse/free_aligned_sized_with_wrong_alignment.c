// expect: size-mismatch: free_aligned_sized of @.*
#include "misuse.h"

int main(void) {
    free_aligned_sized(aim(aligned_alloc(64, 128)), 4096, 128);
    return 0;
}
