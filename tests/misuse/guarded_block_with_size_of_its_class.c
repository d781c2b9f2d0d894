// expect: exit 0
// expect-debug: size-mismatch: free_sized of @ with size 101 bytes, which does not belong to its block of 100 bytes
/* In the release form whether a block is guarded does not decide what passes. */
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    free_sized(aim(malloc(100)), 101);
    return 0;
}
