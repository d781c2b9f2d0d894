// expect: exit 0
// expect-debug: sealed-write: block of 64 bytes at @ was written while it was sealed; found at cairn_unseal
#include "misuse.h"

int main(void) {
    unsigned char *block = aim(malloc(64));
    memset(block, 1, 64);
    cairn_seal(block);
    block[5] = 2;
    cairn_unseal(block);
    return 0;
}
