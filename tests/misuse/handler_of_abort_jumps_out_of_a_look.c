// expect: exit 0
#include "misuse.h"
#include <fcntl.h>
#include <setjmp.h>

static sigjmp_buf place;

static void jump(int number) { siglongjmp(place, number); }

static void overflow_and_look(void *argument) {
    (void)argument;
    char *block = malloc(24);
    spoil(at(block, 24), 1);
    if (sigsetjmp(place, 1) == 0) {
        (void)cairn_check();
    }
}

/* The look is over for all others too: they may give memory back, move pages, look, and end the process. */
int main(void) {
    void *large = malloc(2 * MIB);
    (void)dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    (void)signal(SIGABRT, jump);
    for (int i = 0; i < 2; i++) {
        in_thread(overflow_and_look, NULL);
        large = realloc(large, (size_t)(8 + i) * MIB);
        require(large != NULL, "there is memory");
        (void)malloc_trim(0);
    }
    overflow_and_look(NULL);
    return 0;
}
