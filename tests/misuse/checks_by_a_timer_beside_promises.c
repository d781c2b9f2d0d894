// expect: exit 0
// expect-debug: exit 0
// options-debug: check_signal=14
#include "misuse.h"
#include <sys/time.h>

/* SIGALRM has all promises checked, also while the program makes one. */
int main(void) {
    struct itimerval often = {{0, 300}, {0, 300}};
    struct sigaction had;
    if (sigaction(SIGALRM, NULL, &had) == 0 && had.sa_handler == SIG_DFL) {
        (void)signal(SIGALRM, SIG_IGN); /* the release form has no such handler */
    }
    (void)setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 20000; i++) {
        char *block = calloc(1, 100);
        cairn_fence(block, 10, 20);
        cairn_fence(block, 40, 20);
        cairn_seal(block);
        cairn_unseal(block);
        free(block);
    }
    return 0;
}
