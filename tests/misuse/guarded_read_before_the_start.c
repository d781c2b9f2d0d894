// expect: heap-buffer-underflow: read before the start of a block of 100 bytes at @, at offset -1
/* With guard_side=before a read before a guarded block stops there. */
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1:guard_side=before");
    volatile char *block = aim(malloc(100));
    (void)block[-1];
    return 0;
}
