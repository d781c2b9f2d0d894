// expect: exit 0
#include "misuse.h"

/* What was never touched does not get into memory by a resize. */
int main(void) {
    enum { LARGE = 300 * MIB, ENOUGH_KIB = 100 * KIB };
    struct rusage usage;
    char *block = aligned_alloc(4096, LARGE);
    block[LARGE - 1] = 1;
    block = realloc(block, 2 * (size_t)LARGE);
    require(block[LARGE - 1] == 1, "contents are kept");
    free(block);
    (void)getrusage(RUSAGE_SELF, &usage);
    require(usage.ru_maxrss < ENOUGH_KIB, "there is little in memory");
    return 0;
}
