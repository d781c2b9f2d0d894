// expect: exit 0
// expect-debug: exit 0
#include "misuse.h"

enum { COUNT = 64 };

static const size_t sizes[] = {20000, 28000, 36000, 40000, 45000, 48000, 53000, 57000};
static pthread_barrier_t barrier;

/* Fills pools, of which more than a page is left at their ends, and frees all of their blocks. */
static void *fill_and_free(void *unused) {
    void *blocks[COUNT];
    for (size_t size = 0; size < sizeof sizes / sizeof sizes[0]; size++) {
        for (size_t i = 0; i < COUNT; i++) {
            blocks[i] = malloc(sizes[size]);
        }
        for (size_t i = 0; i < COUNT; i++) {
            free(blocks[i]);
        }
    }
    pthread_barrier_wait(&barrier);
    pause();
    return unused;
}

int main(void) {
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, fill_and_free, NULL);
    pthread_barrier_wait(&barrier);
    (void)cairn_check();
    return 0;
}
