// expect: bad-free: free of @, which is not .*
#include "misuse.h"

static _Alignas(16) char array[256];

int main(void) {
    free(aim(array));
    return 0;
}
