// expect: exit 0
#include "misuse.h"

/* Of each block one page is in memory. */
static void take_and_free(void) {
    for (int i = 0; i < 200; i++) {
        char *block = malloc(256 * MIB);
        block[0] = 1;
        free(block);
    }
}

/* To free a block does not bring the rest of it into memory, whoever looks at it just then. */
int main(void) {
    struct rusage usage;
    (void)many_blocks(20000, 500); /* for a look to take some time */
    check_beside(take_and_free);
    require(getrusage(RUSAGE_SELF, &usage) == 0 && usage.ru_maxrss < 128 * KIB, "little is in memory");
    return 0;
}
