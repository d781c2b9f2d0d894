// expect: bad-free: free of @, which is not .*
#include "misuse.h"

int main(void) {
    free(aim((void *)(UINTPTR_MAX - 15)));
    return 0;
}
