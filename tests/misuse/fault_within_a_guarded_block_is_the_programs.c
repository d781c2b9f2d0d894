// expect: SIGSEGV
// expect-debug: SIGSEGV
// options-debug: guard=all
#include "misuse.h"

/* The page was made read-only by the program. */
int main(void) {
    char *page = aligned_alloc(4096, 4096);
    require(mprotect(page, 4096, PROT_READ) == 0, "a page can be protected");
    page[5] = 1;
    return 0;
}
