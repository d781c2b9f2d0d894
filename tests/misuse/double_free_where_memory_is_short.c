// expect: (double-free: free of @, which is already free|bad-free: free of @, which is not the start of a live block: it lies outside the heap)
/* The last block before the end of memory may lie outside the region, in a mapping of its own. */
#include "misuse.h"

static void *blocks[10000];

int main(int count, char **arguments) {
    (void)count;
    limit_address_space(arguments, 300 * MIB);
    void *last = aim(blocks[exhaust(blocks, 10000, MIB) - 1]);
    free(last);
    free(last);
    return 0;
}
