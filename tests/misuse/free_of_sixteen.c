// expect: bad-free: free of @, which is not .*
#include "misuse.h"

int main(void) {
    free(aim((void *)(uintptr_t)16));
    return 0;
}
