// expect: double-free: free of @, which is already free
#include "misuse.h"

static void allocate(void *result) { *(void **)result = malloc(64); }

int main(void) {
    void *block = NULL;
    in_thread(allocate, &block);
    aim(block);
    free(block);
    free(block);
    return 0;
}
