// expect: heap-buffer-overflow: read past the end of a block of 400 bytes at @, at offset 400
/* A guarded block of calloc, which is zero. */
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    volatile char *block = aim(calloc(100, 4));
    for (int i = 0; i < 400; i++) {
        require(block[i] == 0, "it is zero");
    }
    (void)block[400];
    return 0;
}
