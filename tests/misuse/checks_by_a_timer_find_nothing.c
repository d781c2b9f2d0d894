// expect: exit 0
// expect-debug: exit 0
// options-debug: check_signal=14:quarantine=64K:stack_depth=0
#include "misuse.h"
#include <sys/time.h>

/* SIGALRM has all blocks checked, wherever the program is, also while a pool hands out blocks for the first time. */
int main(void) {
    enum { BLOCKS = 5000, ROUNDS = 60 };
    static void *blocks[BLOCKS];
    struct itimerval often = {{0, 300}, {0, 300}};
    struct sigaction had;
    if (sigaction(SIGALRM, NULL, &had) == 0 && had.sa_handler == SIG_DFL) {
        (void)signal(SIGALRM, SIG_IGN); /* the release form has no such handler */
    }
    (void)setitimer(ITIMER_REAL, &often, NULL);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < BLOCKS; i++) {
            blocks[i] = malloc(16 + (size_t)(i * 37 % 900));
        }
        for (int i = 0; i < BLOCKS; i++) {
            free(blocks[i]);
        }
    }
    return 0;
}
