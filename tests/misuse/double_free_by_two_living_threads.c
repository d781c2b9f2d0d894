// expect: double-free: free of @, which is already free
/* The first thread still runs, so that the second has a heap of its own. */
#include "misuse.h"

static void free_and_let_another_free(void *block) {
    free(block);
    in_thread(free, block);
}

int main(void) {
    in_thread(free_and_let_another_free, aim(malloc(64)));
    return 0;
}
