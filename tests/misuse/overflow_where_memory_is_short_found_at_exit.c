// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 1048476 bytes at @ has 1 byte written past its end, at offset 1048476; found at exit
/* The last block before the end of memory lies outside the region, in a mapping of its own. */
#include "misuse.h"

static void *blocks[10000];

int main(int count, char **arguments) {
    (void)count;
    limit_address_space(arguments, 300 * MIB);
    unsigned char *block = aim(blocks[exhaust(blocks, 10000, MIB - 100) - 1]);
    spoil(block + MIB - 100, 1);
    return 0;
}
