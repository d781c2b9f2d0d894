// expect: bad-free: free of @, which is not .*
#include "misuse.h"

int main(void) {
    free(aim(at(malloc(9 * MIB), 4 * MIB)));
    return 0;
}
