// expect: double-free: free of @, which is already free(: two threads freed it at the same time)?
#include "misuse.h"

static pthread_barrier_t barrier;

static void *wait_and_free(void *block) {
    pthread_barrier_wait(&barrier);
    free(block);
    return NULL;
}

int main(void) {
    pthread_t threads[2];
    void *block = aim(malloc(64));
    pthread_barrier_init(&barrier, NULL, 2);
    for (int i = 0; i < 2; i++) {
        require(pthread_create(&threads[i], NULL, wait_and_free, block) == 0, "a thread starts");
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}
