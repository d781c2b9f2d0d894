// expect: double-free: free of @, which is already free
#include "misuse.h"

static void *free_twice(void *argument) {
    char *block = aim(malloc(40));
    pthread_cancel(pthread_self());
    free(block);
    free(block);
    return argument;
}

int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, free_twice, NULL);
    pthread_join(thread, NULL);
    return 0;
}
