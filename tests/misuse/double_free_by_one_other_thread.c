// expect: double-free: free of @, which is already free
#include "misuse.h"

static void free_twice(void *block) {
    free(block);
    free(block);
}

int main(void) {
    in_thread(free_twice, aim(malloc(64)));
    return 0;
}
