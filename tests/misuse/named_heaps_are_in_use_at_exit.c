// expect: exit 0
#include "misuse.h"

static void *use_heaps(void *argument) {
    for (;;) {
        struct cairn_heap *heap = cairn_heap_create("request", NULL);
        for (int i = 0; i < 100; i++) {
            memset(cairn_heap_malloc(heap, i * 37), 1, i * 37);
        }
        cairn_heap_destroy(heap);
    }
    return argument;
}

int main(void) {
    pthread_t thread;
    for (int i = 0; i < 3; i++) {
        pthread_create(&thread, NULL, use_heaps, NULL);
    }
    usleep(50000);
    return 0;
}
