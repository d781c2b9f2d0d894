// expect: exit 0
// expect-debug: exit 0
// options-debug: quarantine=1M
#include "misuse.h"
#include <fcntl.h>
#include <setjmp.h>

enum { COUNT = 4000, SIZE = 100, ROUNDS = 100 * KIB };

static sigjmp_buf place;
static char *blocks[COUNT];
static volatile int i;

static void jump(int number) { siglongjmp(place, number); }

/* A pool whose blocks wait is looked at when it is hidden: the report is then. */
static void free_all(void) {
    for (i = 0; i < COUNT; i++) {
        if (sigsetjmp(place, 1) == 0) {
            free(blocks[i]);
        }
        if (i == COUNT / 2) {
            spoil(at(blocks[COUNT / 2 - 10], 8), 1);
        }
    }
}

/* Its blocks can still leave, and all blocks be looked at. */
int main(void) {
    (void)dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    (void)signal(SIGABRT, jump);
    for (i = 0; i < COUNT; i++) {
        blocks[i] = malloc(SIZE);
    }
    free_all();
    for (i = 0; i < ROUNDS; i++) {
        if (sigsetjmp(place, 1) == 0) {
            free(malloc(SIZE));
        }
    }
    if (sigsetjmp(place, 1) == 0) {
        (void)cairn_check();
    }
    (void)signal(SIGABRT, SIG_IGN);
    _exit(0);
}
