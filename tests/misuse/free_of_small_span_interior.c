// expect: bad-free: free of @, which is not .*
#include "misuse.h"

int main(void) {
    free(aim(at(malloc(200 * KIB), 64 * KIB)));
    return 0;
}
