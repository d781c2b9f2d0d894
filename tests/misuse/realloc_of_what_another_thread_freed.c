// expect: realloc-of-freed: realloc of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(64));
    in_thread(free, block);
    block = realloc(block, 1000);
    malloc_trim(0);
    return 0;
}
