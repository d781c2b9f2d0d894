// expect: double-free: cairn_heap_free of @, which is already free
#include "misuse.h"

int main(void) {
    struct cairn_heap *heap = cairn_heap_create("a heap", NULL);
    void *block = aim(cairn_heap_malloc(heap, 64));
    in_thread(cairn_free, block);
    cairn_heap_free(heap, block);
    cairn_trim();
    return 0;
}
