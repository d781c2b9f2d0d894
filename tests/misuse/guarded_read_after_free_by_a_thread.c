// expect: heap-use-after-free: read in a freed block of 64 bytes at @, at offset 8
/* Another thread has freed the guarded block. */
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    volatile char *block = aim(malloc(64));
    in_thread(free, (void *)block);
    (void)block[8];
    return 0;
}
