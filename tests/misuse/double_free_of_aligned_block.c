// expect: double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(aligned_alloc(256, 256));
    void *keep = aligned_alloc(256, 256);
    free(block);
    free(block);
    free(keep);
    return 0;
}
