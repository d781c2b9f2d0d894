// expect: exit 0
// expect-debug: leak: 123 bytes in 1 block that nothing points to
// options-debug: leaks=1
#include "misuse.h"

static void *held;

int main(void) {
    held = malloc(123);
    held = NULL;
    clear_stack();
    return 0;
}
