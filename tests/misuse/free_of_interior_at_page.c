// expect: bad-free: free of @, which is not .*
#include "misuse.h"

int main(void) {
    free(aim(at(malloc(16 * KIB), 4 * KIB)));
    return 0;
}
