// expect: exit 0
// expect-debug: sealed-write: write in a block of 1048576 bytes at @, at offset 500000
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(MIB));
    cairn_seal(block);
    block[500000] = 2;
    return 0;
}
