// expect: bad-free: malloc_usable_size of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(200 * KIB));
    free(block);
    return malloc_usable_size(block) != 0;
}
