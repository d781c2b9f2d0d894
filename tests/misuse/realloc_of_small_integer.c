// expect: bad-free: realloc of @, which is not .*
#include "misuse.h"

int main(void) {
    void *block = realloc(aim((void *)(uintptr_t)32), 1000);
    free(block);
    return 0;
}
