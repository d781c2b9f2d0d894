// expect: exit 0
// expect-debug: leak: 77 bytes in 1 block that nothing points to
// options-debug: leaks=1
#include "misuse.h"

static void lose(void *argument) {
    (void)argument;
    *(volatile char *)malloc(77) = 1;
}

int main(void) {
    in_thread(lose, NULL);
    clear_stack();
    return 0;
}
