// expect: double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(200 * KIB));
    free(block);
    free(block);
    return 0;
}
