// expect: size-mismatch: free_aligned_sized of @.*
#include "misuse.h"

int main(void) {
    free_aligned_sized(aim(aligned_alloc(64, 128)), 64, 1024);
    return 0;
}
