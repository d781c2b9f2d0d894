// expect: heap-buffer-overflow: write past the end of a block of 48 bytes at @, at offset 48
/* A write right behind a guarded block stops there. */
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    volatile char *block = aim(malloc(48));
    block[48] = 1;
    return 0;
}
