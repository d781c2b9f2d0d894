// expect: bad-free: free of @, which is not .*
#include "misuse.h"

int main(void) {
    void *block = malloc(100);
    free(aim(at(block, (ptrdiff_t)malloc_usable_size(block) - 1)));
    return 0;
}
