// expect: exit 0
// expect-debug: heap-use-after-free: block of 64 bytes at @ has 1 byte written after it was freed, at offset -1; found at cairn_check
#include "misuse.h"

int main(void) {
    void *before = malloc(64);
    unsigned char *block = aim(malloc(64));
    free(block);
    free(before);
    spoil(block - 1, 1);
    require(cairn_check(), "the metadata are whole");
    return 0;
}
