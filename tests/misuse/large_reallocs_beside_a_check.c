// expect: exit 0
#include "misuse.h"

/* Pages of blocks are exchanged. */
static void grow_and_shrink(void) {
    char *block = malloc(2 << 20);
    for (int i = 0; i < 60; i++) {
        block = realloc(block, i % 2 == 0 ? 3 << 20 : 2 << 20);
    }
    free(block);
}

int main(void) {
    check_beside(grow_and_shrink);
    return 0;
}
