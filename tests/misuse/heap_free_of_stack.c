// expect: bad-free: cairn_heap_free of @, which is not the start of a live block: it lies outside the heap
// expect-debug: bad-free: cairn_heap_free of @, which is not the start of a live block: it lies outside the heap, on the stack of thread 1
#include "misuse.h"

int main(void) {
    char array[256];
    struct cairn_heap *heap = cairn_heap_create("a heap", NULL);
    cairn_heap_free(heap, aim(array));
    return 0;
}
