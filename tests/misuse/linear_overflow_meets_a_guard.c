// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 64 bytes at 0x[0-9a-f]+ has [0-9]+ bytes? written past its end, at offset -?[0-9]+; found at cairn_check
/* Writing upward from a block ends in a fault before it reaches the allocator's metadata. */
#include "misuse.h"

static void check_after_fault(int signal_number) {
    require(signal_number == SIGSEGV && cairn_check(), "the metadata are whole");
    exercise();
    _exit(0);
}

int main(void) {
    static char stack[256 * KIB];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = check_after_fault, .sa_flags = SA_ONSTACK};
    sigaltstack(&alternate, NULL);
    sigaction(SIGSEGV, &action, NULL);
    for (volatile char *byte = malloc(64);; byte++) {
        *byte = 0x41;
    }
}
