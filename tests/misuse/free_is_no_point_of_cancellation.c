// expect: exit 0
#include "misuse.h"

enum { BLOCKS = 20000 };

static void *free_all(void *argument) {
    static void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(100);
    }
    pthread_cancel(pthread_self());
    for (int i = 0; i < BLOCKS; i++) {
        free(blocks[i]);
    }
    return argument;
}

int main(void) {
    pthread_t thread;
    void *result = NULL;
    pthread_create(&thread, NULL, free_all, &thread);
    pthread_join(thread, &result);
    return result == &thread ? 0 : 1;
}
