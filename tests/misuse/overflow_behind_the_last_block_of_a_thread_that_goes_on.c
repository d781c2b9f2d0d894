// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 53231 bytes at @ has 1 byte written past its end, at offset 53431; found at exit
#include "misuse.h"

enum { COUNT = 400, SIZE = 53231, BEYOND = 200 };

static pthread_barrier_t barrier;

/* 200 bytes past the end of the one that lies last. */
static void *overflow(void *argument) {
    char *last = NULL;
    for (int i = 0; i < COUNT; i++) {
        char *block = malloc(SIZE);
        last = block > last ? block : last;
    }
    aim(last);
    last[SIZE + BEYOND] = 1;
    pthread_barrier_wait(&barrier);
    pause();
    return argument;
}

int main(void) {
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, overflow, NULL);
    pthread_barrier_wait(&barrier);
    return 0;
}
