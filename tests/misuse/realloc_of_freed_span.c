// expect: (realloc-of-freed|bad-free): realloc of @, which is .*
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(200 * KIB));
    free(block);
    block = realloc(block, 300 * KIB);
    return 0;
}
