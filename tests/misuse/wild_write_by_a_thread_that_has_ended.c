// expect: exit 0
// expect-debug: heap-buffer-overflow: memory of the heap that belongs to no block has 1 byte written, at @; found at exit
#include "misuse.h"

static void *write_far(void *argument) {
    char *block = malloc(100);
    spoil(aim(block + 30000), 1);
    return argument;
}

int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, write_far, NULL);
    pthread_join(thread, NULL);
    return 0;
}
