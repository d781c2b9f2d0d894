// expect: exit 0
// expect-debug: heap-use-after-free: block of 24 bytes at @ has 1 byte written after it was freed, at offset -1; found at exit
#include "misuse.h"

int main(void) {
    char *block = malloc(24);
    char *freed = aim(malloc(24));
    free(freed);
    spoil(freed - 1, 1);
    free(block);
    return 0;
}
