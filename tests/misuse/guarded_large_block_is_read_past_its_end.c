// expect: heap-buffer-overflow: read past the end of a block of 1048576 bytes at @, at offset 1048576
/* Blocks too large for a pool are guarded as well. */
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    volatile char *block = aim(malloc(MIB));
    block[0] = 1;
    block[MIB - 1] = 1;
    (void)block[MIB];
    return 0;
}
