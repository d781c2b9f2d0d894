// expect: exit 0
// expect-debug: sealed-write: block of 64 bytes at @ was written while it was sealed; found at cairn_check
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(64));
    cairn_seal(block);
    block[63] ^= 1;
    require(cairn_check(), "the metadata are whole");
    return 0;
}
