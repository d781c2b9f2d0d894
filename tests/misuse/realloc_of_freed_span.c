// expect: realloc-of-freed: realloc of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(200 * KIB));
    free(block);
    block = realloc(block, 300 * KIB);
    return 0;
}
