// expect: exit 0
// expect-debug: leak: 3000000 bytes in 1 block that nothing points to
// options-debug: leaks=1
#include "misuse.h"

static char *held;

int main(void) {
    held = malloc(3000000);
    held[1] = 1;
    held = NULL;
    clear_stack();
    return 0;
}
