// expect: heap-use-after-free: read in a freed block of 100 bytes at @, at offset 0
/* The old address of a guarded block after realloc has moved it. */
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    volatile char *block = aim(malloc(100));
    require(realloc((void *)block, 5000) != block, "a guarded block moves");
    (void)block[0];
    return 0;
}
