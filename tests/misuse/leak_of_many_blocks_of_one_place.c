// expect: exit 0
// expect-debug: leak: 5000 bytes in 10 blocks that nothing points to
// options-debug: leaks=1
#include "misuse.h"

static void *held;

int main(void) {
    for (int i = 0; i < 10; i++) {
        held = malloc(500);
    }
    held = NULL;
    clear_stack();
    return 0;
}
