// expect: exit 0
// expect-debug: heap-buffer-underflow: block of 40 bytes at @ has 8 bytes written before its start, at offset -8; found at cairn_heap_destroy
#include "misuse.h"

int main(void) {
    struct cairn_heap *heap = cairn_heap_create("parser", NULL);
    void *before = cairn_heap_malloc(heap, 40);
    unsigned char *block = aim(cairn_heap_malloc(heap, 40));
    spoil(block - 8, 8);
    cairn_heap_destroy(heap);
    return 0;
}
