// expect: double-free: free of @, which is already free
/* The second thread takes the heap of the first over, and with it the blocks. */
#include "misuse.h"

static void allocate(void *result) { *(void **)result = malloc(64); }

int main(void) {
    void *block = NULL;
    in_thread(allocate, &block);
    aim(block);
    in_thread(free, block);
    free(block);
    return 0;
}
