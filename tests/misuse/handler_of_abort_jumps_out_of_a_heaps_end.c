// expect: exit 0
#include "misuse.h"
#include <fcntl.h>
#include <setjmp.h>

static sigjmp_buf place;

static void jump(int number) { siglongjmp(place, number); }

/* Named heaps can still be destroyed, and their blocks leave quarantine. */
int main(void) {
    (void)dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    (void)signal(SIGABRT, jump);
    struct cairn_heap *damaged = cairn_heap_create("damaged", NULL);
    struct cairn_heap *other = cairn_heap_create("other", NULL);
    spoil(at(cairn_heap_malloc(damaged, 24), 24), 1);
    if (sigsetjmp(place, 1) == 0) {
        cairn_heap_destroy(damaged);
    }
    for (int i = 0; i < 1000; i++) {
        cairn_heap_free(other, cairn_heap_malloc(other, 100000));
    }
    cairn_heap_destroy(other);
    return 0;
}
