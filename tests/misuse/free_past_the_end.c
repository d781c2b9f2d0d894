// expect: (double-free: free of @, which is already free|bad-free: free of @, which is not the start of a live block: no block was handed out there)
#include "misuse.h"

int main(void) {
    void *block = malloc(1000);
    free(aim(at(block, (ptrdiff_t)malloc_usable_size(block))));
    return 0;
}
