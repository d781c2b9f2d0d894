// expect: SIGSEGV
/* A fault that is none of the guarded pages' doing ends the program as it would without them. */
#include "misuse.h"

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    free(malloc(100));
    *(volatile int *)16 = 1;
    return 0;
}
