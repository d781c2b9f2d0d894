// expect: bad-free: free of @, which is not .*
#include "misuse.h"

int main(void) {
    free(aim(at(aligned_alloc(4 * KIB, 12 * KIB), 4 * KIB)));
    return 0;
}
