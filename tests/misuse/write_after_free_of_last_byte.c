// expect: exit 0
// expect-debug: heap-use-after-free: block of 64 bytes at @ has 1 byte written after it was freed, at offset 63; found at cairn_check
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(64));
    free(block);
    spoil(block + 63, 1);
    require(cairn_check(), "the metadata are whole");
    return 0;
}
