// expect: bad-free: free of @, which is not the start of a live block: it lies 16 bytes inside a block of 100 bytes
// expect-debug: bad-free: free of @, which is not the start of a live block: it lies 16 bytes inside a (live )?block of 100 bytes
/* A guarded block that is freed by an address within it. */
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    char *block = malloc(100);
    free(aim(block + 16));
    return 0;
}
