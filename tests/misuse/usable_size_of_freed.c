// expect: bad-free: malloc_usable_size of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(64));
    free(block);
    return (int)malloc_usable_size(block);
}
