// expect: bad-free: cairn_heap_free of @.*
#include "misuse.h"

int main(void) {
    struct cairn_heap *heap = cairn_heap_create("a heap", NULL);
    cairn_heap_free(heap, aim(malloc(64)));
    return 0;
}
