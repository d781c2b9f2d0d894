// expect: double-free: free of @, which is already free
/* A guarded block that is freed twice. */
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    void *block = aim(malloc(100));
    free(block);
    free(block);
    return 0;
}
