// expect: bad-free: free of @, which is not .*
#include "misuse.h"

int main(void) {
    free(aim(at(malloc(64 * KIB), 32 * KIB)));
    return 0;
}
