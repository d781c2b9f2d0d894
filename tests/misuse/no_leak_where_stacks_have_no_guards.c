// expect: exit 0
// expect-debug: exit 0
// options-debug: leaks=1
#include "misuse.h"

enum { THREADS = 4 };

static pthread_barrier_t barrier;

/* Holds a block by its stack alone. */
static void *hold(void *unused) {
    void *volatile block = malloc(1234);
    *(volatile char *)block = 1;
    pthread_barrier_wait(&barrier);
    pause();
    free(block);
    return unused;
}

/* Their stacks are one mapping. */
int main(void) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setguardsize(&attributes, 0);
    pthread_barrier_init(&barrier, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++) {
        pthread_t thread;
        pthread_create(&thread, i % 2 == 0 ? &attributes : NULL, hold, NULL);
    }
    pthread_barrier_wait(&barrier);
    return 0;
}
