// expect: heap-buffer-overflow: read past the end of a block of 100 bytes at @, at offset 4000
/* A read that jumps over what is right behind a guarded block stops as well. */
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    volatile char *block = aim(malloc(100));
    (void)block[4000];
    return 0;
}
