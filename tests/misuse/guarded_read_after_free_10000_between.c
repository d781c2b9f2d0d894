// expect: heap-use-after-free: read in a freed block of 64 bytes at @, at offset 1
/* Addresses of guarded blocks do not come back soon. */
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    volatile char *block = aim(malloc(64));
    free((void *)block);
    for (int i = 0; i < 10000; i++) {
        free(malloc(64));
    }
    (void)block[1];
    return 0;
}
