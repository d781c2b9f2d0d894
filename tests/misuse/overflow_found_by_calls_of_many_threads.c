// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 20 bytes at @ has 1 byte written past its end, at offset 20; found at check_every
// options-debug: check_every=1000
#include "misuse.h"

enum { THREADS = 50, CALLS = 50 };

static pthread_barrier_t all_have_called;

/* None of them makes as many calls as it takes. */
static void *call(void *argument) {
    for (int i = 0; i < CALLS; i++) {
        free(malloc(50));
    }
    pthread_barrier_wait(&all_have_called);
    pause();
    return argument;
}

int main(void) {
    char *block = aim(malloc(20));
    spoil(at(block, 20), 1);
    pthread_barrier_init(&all_have_called, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++) {
        pthread_t thread;
        require(pthread_create(&thread, NULL, call, NULL) == 0, "a thread starts");
    }
    pthread_barrier_wait(&all_have_called);
    _exit(0);
}
