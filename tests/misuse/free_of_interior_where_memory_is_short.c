// expect: bad-free: free of @, which is not the start of a live block: .*
/* The last block before the end of memory may lie outside the region, in a mapping of its own. */
#include "misuse.h"

static void *blocks[10000];

int main(int count, char **arguments) {
    (void)count;
    limit_address_space(arguments, 300 * MIB);
    free(aim(at(blocks[exhaust(blocks, 10000, MIB) - 1], 4 * KIB)));
    return 0;
}
