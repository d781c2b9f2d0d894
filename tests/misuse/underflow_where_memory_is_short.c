// expect: exit 0
// expect-debug: heap-buffer-underflow: block of 1048476 bytes at @ has 8 bytes written before its start, at offset -8; found at free
/* The last block before the end of memory lies outside the region, in a mapping of its own. */
#include "misuse.h"

static void *blocks[10000];

int main(int count, char **arguments) {
    (void)count;
    limit_address_space(arguments, 300 * MIB);
    unsigned char *block = aim(blocks[exhaust(blocks, 10000, MIB - 100) - 1]);
    if (strstr(cairn_version(), "debug") != NULL) { /* else nothing lies there */
        spoil(block - 8, 8);
    }
    free(block);
    return 0;
}
