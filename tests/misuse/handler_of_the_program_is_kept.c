// expect: exit 0
/* A program that handles faults itself still does. */
#include "misuse.h"

static void end_well(int number) { _exit(number == SIGSEGV ? 0 : 1); }

int main(int count, char **arguments) {
    (void)count;
    run_with_options(arguments, "guard=1/1");
    signal(SIGSEGV, end_well);
    *(volatile char *)((char *)malloc(32) + 32) = 1;
    return 0;
}
