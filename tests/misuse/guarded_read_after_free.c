// expect: heap-use-after-free: read in a freed block of 100 bytes at @, at offset 50
/* A read of a guarded block that is free stops there. */
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    volatile char *block = aim(malloc(100));
    free((void *)block);
    (void)block[50];
    return 0;
}
