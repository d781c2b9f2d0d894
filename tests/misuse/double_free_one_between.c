// expect: double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(64));
    void *other = malloc(64);
    free(block);
    free(other);
    free(block);
    return 0;
}
