// expect: double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    char *copy = aim(strdup("what libc allocates is a block like any other"));
    free(copy);
    free(copy);
    return 0;
}
