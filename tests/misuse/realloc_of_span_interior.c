// expect: bad-free: realloc of @, which is not .*
#include "misuse.h"

int main(void) {
    void *block = realloc(aim(at(malloc(9 * MIB), 4 * MIB)), 200);
    free(block);
    return 0;
}
