// expect: heap-use-after-free: write in a freed block of 100 bytes at @, at offset 0
/* A write to a guarded block that is free stops there. */
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    volatile char *block = aim(malloc(100));
    free((void *)block);
    block[0] = 1;
    return 0;
}
