// expect: bad-free: free of 0x[0-9a-f]+, .*
// expect-debug: exit 0
// options-debug: check_signal=14:halt_on_error=0:stack_depth=4:log_path=/dev/null
#include "misuse.h"
#include <sys/time.h>

/* SIGALRM comes in the midst of reports, too. */
int main(void) {
    struct itimerval often = {{0, 300}, {0, 300}};
    (void)setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 100; i++) {
        char *block = malloc(100);
        free(block + 16);
        free(block);
    }
    return 0;
}
