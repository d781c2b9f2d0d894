// expect: (realloc-of-freed|bad-free): realloc of @, which is .*
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(100 * MIB));
    free(block);
    block = realloc(block, 200 * MIB);
    return 0;
}
