// expect: bad-free: free of @, which is not the start of a live block: .*
#include "misuse.h"

int main(void) {
    free(aim(at(malloc(100), (ptrdiff_t)1024 * GIB)));
    return 0;
}
