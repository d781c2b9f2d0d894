// expect: (bad-free|double-free): free of @, which is .*
#include "misuse.h"

int main(void) {
    void *block = malloc(100 * MIB);
    free(aim(at(block, (ptrdiff_t)malloc_usable_size(block))));
    return 0;
}
