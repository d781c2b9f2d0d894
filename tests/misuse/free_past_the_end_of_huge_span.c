// expect: bad-free: free of @, which is not the start of a live block: no block was handed out there
#include "misuse.h"

int main(void) {
    void *block = malloc(100 * MIB);
    free(aim(at(block, (ptrdiff_t)malloc_usable_size(block))));
    return 0;
}
