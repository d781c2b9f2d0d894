// expect: exit 0
// expect-debug: leak: 50 bytes in 1 block that nothing points to
// options-debug: leaks=1
#include "misuse.h"

static char *held;

/* The pointer is overwritten by NULL; the block is still there. */
int main(void) {
    held = malloc(50);
    held = realloc(held, PTRDIFF_MAX);
    clear_stack();
    return held == NULL ? 0 : 1;
}
