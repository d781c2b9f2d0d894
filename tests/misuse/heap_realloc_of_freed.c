// expect: realloc-of-freed: cairn_heap_realloc of @, which is already free
#include "misuse.h"

int main(void) {
    struct cairn_heap *heap = cairn_heap_create("a heap", NULL);
    void *block = aim(cairn_heap_malloc(heap, 64));
    cairn_heap_free(heap, block);
    return cairn_heap_realloc(heap, block, 640) == NULL;
}
