// expect: double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    struct cairn_heap *heap = cairn_heap_create("a heap", NULL);
    void *block = aim(cairn_heap_malloc(heap, 64));
    free(block);
    free(block);
    return 0;
}
