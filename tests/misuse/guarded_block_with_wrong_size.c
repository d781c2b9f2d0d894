// expect: size-mismatch: free_sized of @ with size 200 bytes, which does not belong to its block of 100 bytes
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    free_sized(aim(malloc(100)), 200);
    return 0;
}
