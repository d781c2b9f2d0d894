// expect: double-free: free of @, which is already free
#include "misuse.h"

static void allocate_and_free(void *result) {
    *(void **)result = malloc(64);
    free(*(void **)result);
}

int main(void) {
    void *block = NULL;
    in_thread(allocate_and_free, &block);
    free(aim(block));
    return 0;
}
