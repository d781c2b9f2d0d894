// expect: (double-free|bad-free|realloc-of-freed): malloc_usable_size of @, which is .*
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(64));
    in_thread(free, block);
    return (int)malloc_usable_size(block);
}
