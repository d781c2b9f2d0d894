// expect: bad-free: realloc of @, which is not .*
#include "misuse.h"

int main(void) {
    void *block = realloc(aim(at(malloc(100), 16)), 200);
    free(block);
    return 0;
}
