// expect: realloc-of-freed: realloc of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(64));
    free(block);
    block = realloc(block, 0);
    return 0;
}
