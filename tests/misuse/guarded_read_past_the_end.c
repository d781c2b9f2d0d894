// expect: heap-buffer-overflow: read past the end of a block of 32 bytes at @, at offset 32
/* A read right behind a guarded block stops there. */
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    volatile char *block = aim(malloc(32));
    (void)block[32];
    return 0;
}
