// expect: exit 0
#include "misuse.h"

static volatile bool is_over;

static void *use_heaps(void *argument) {
    while (!is_over) {
        struct cairn_heap *heap = cairn_heap_create("request", NULL);
        char *blocks[100];
        for (int i = 0; i < 100; i++) {
            blocks[i] = cairn_heap_malloc(heap, i * 37);
            memset(blocks[i], 1, i * 37);
        }
        for (int i = 0; i < 100; i += 2) {
            cairn_heap_free(heap, blocks[i]);
        }
        cairn_heap_destroy(heap);
    }
    return argument;
}

int main(void) {
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, use_heaps, NULL);
    }
    for (int i = 0; i < 300; i++) {
        cairn_check();
    }
    is_over = true;
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}
