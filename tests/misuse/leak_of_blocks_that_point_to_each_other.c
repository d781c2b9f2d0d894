// expect: exit 0
// expect-debug: leak: 200 bytes in 2 blocks that only other lost blocks point to
// options-debug: leaks=1
#include "misuse.h"

static void **blocks[2];

int main(void) {
    for (int i = 0; i < 2; i++) {
        blocks[i] = malloc(100);
    }
    *blocks[0] = blocks[1];
    *blocks[1] = blocks[0];
    blocks[0] = blocks[1] = NULL;
    clear_stack();
    return 0;
}
