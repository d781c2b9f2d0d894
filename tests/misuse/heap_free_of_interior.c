// expect: bad-free: cairn_heap_free of @, which is not the start of a live block: it lies 16 bytes inside a block of 64 bytes
#include "misuse.h"

int main(void) {
    struct cairn_heap *heap = cairn_heap_create("a heap", NULL);
    cairn_heap_free(heap, aim(at(cairn_heap_malloc(heap, 64), 16)));
    return 0;
}
