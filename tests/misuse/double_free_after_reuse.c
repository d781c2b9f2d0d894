// expect: exit 0
// expect-debug: double-free: free of @, which is already free
/* The release form has handed it out again, so that this frees what is somebody else's. */
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(64));
    free(block);
    for (int i = 0; i < 100; i++) {
        void *other = malloc(64);
        memset(other, 1, 64);
    }
    free(block);
    return 0;
}
