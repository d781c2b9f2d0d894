// expect: bad-free: cairn_heap_free of @, which is not a block of heap 'a heap'
#include "misuse.h"

int main(void) {
    struct cairn_heap *heap = cairn_heap_create("a heap", NULL);
    cairn_heap_free(heap, aim(malloc(64)));
    return 0;
}
