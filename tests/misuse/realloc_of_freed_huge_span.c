// expect: realloc-of-freed: realloc of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(100 * MIB));
    free(block);
    block = realloc(block, 200 * MIB);
    return 0;
}
