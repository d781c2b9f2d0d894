// expect: exit 0
// expect-debug: exit 0
#include "misuse.h"
#include <fcntl.h>
#include <setjmp.h>

enum { SIZE = 53231, COUNT = 40 };

static sigjmp_buf place;

static void jump(int number) { siglongjmp(place, number); }

/* Damage where the heap's pool is to hand out more is found by malloc, which has the heap locked. */
int main(void) {
    struct cairn_heap *heap = cairn_heap_create("damaged", NULL);
    (void)dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    (void)signal(SIGABRT, jump);
    char *last = NULL;
    for (int i = 0; i < 4; i++) {
        char *block = cairn_heap_malloc(heap, SIZE);
        last = block > last ? block : last;
    }
    spoil(last + SIZE + 4200, 1);
    for (volatile int i = 0; i < COUNT; i++) {
        if (sigsetjmp(place, 1) == 0) {
            (void)cairn_heap_malloc(heap, SIZE);
        }
    }
    _exit(0);
}
