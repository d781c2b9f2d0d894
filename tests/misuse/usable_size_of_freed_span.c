// expect: (double-free|bad-free|realloc-of-freed): malloc_usable_size of @, which is .*
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(200 * KIB));
    free(block);
    return malloc_usable_size(block) != 0;
}
