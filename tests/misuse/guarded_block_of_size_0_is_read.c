// expect: heap-buffer-overflow: read past the end of a block of 0 bytes at @, at offset 0
/* A guarded block of size 0 has no byte. */
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    volatile char *block = aim(malloc(0));
    (void)block[0];
    return 0;
}
