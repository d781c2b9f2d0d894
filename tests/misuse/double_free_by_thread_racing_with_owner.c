// expect: double-free: free of @, which is already free(: two threads freed it at the same time)?
#include "misuse.h"

static pthread_barrier_t barrier;

static void *wait_and_free(void *block) {
    pthread_barrier_wait(&barrier);
    free(block);
    return NULL;
}

int main(void) {
    pthread_t thread;
    void *block = aim(malloc(64));
    pthread_barrier_init(&barrier, NULL, 2);
    require(pthread_create(&thread, NULL, wait_and_free, block) == 0, "a thread starts");
    wait_and_free(block);
    pthread_join(thread, NULL);
    malloc_trim(0);
    return 0;
}
