// expect: heap-buffer-overflow: read past the end of a block of 512 bytes at @, at offset 512
/* A guarded block that was asked for with an alignment. */
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    volatile char *block = aim(aligned_alloc(256, 512));
    require((uintptr_t)block % 256 == 0, "the block is aligned");
    (void)block[512];
    return 0;
}
