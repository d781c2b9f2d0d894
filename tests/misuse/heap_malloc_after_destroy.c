// expect: bad-free: cairn_heap_malloc of @, which is not a named heap
#include "misuse.h"

int main(void) {
    struct cairn_heap *heap = cairn_heap_create("gone", NULL);
    void *block = cairn_heap_malloc(heap, 100);
    cairn_heap_free(heap, block);
    cairn_heap_destroy(heap);
    cairn_heap_destroy(NULL);
    cairn_heap_malloc(aim(heap), 100);
    return 0;
}
