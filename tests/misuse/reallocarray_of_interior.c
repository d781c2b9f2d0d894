// expect: bad-free: realloc(array)? of @, which is not .*
#include "misuse.h"

int main(void) {
    void *block = reallocarray(aim(at(malloc(100), 16)), 100, 10);
    free(block);
    return 0;
}
