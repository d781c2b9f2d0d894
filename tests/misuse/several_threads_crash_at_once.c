// expect: SIGSEGV
// expect-debug: heap-buffer-overflow: block of 9 bytes at @ has 1 byte written past its end, at offset 9; found at SIGSEGV
#include "misuse.h"

static pthread_barrier_t barrier;

static void *crash(void *argument) {
    pthread_barrier_wait(&barrier);
    *(volatile int *)(volatile uintptr_t){16} = 1;
    return argument;
}

int main(void) {
    pthread_t thread;
    char *block = aim(malloc(9));
    spoil(block + 9, 1);
    pthread_barrier_init(&barrier, NULL, 4);
    for (int i = 0; i < 4; i++) {
        pthread_create(&thread, NULL, crash, NULL);
    }
    pthread_join(thread, NULL);
    return 0;
}
