// expect: bad-free: free of @, which is not .*
#include "misuse.h"

int main(void) {
    free(aim((void *)(uintptr_t) "a string constant"));
    return 0;
}
