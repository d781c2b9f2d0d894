// expect: exit 0
// expect-debug: heap-use-after-free: block of 40 bytes at @ has 4 bytes written after it was freed, at offset 0; found at cairn_heap_destroy
#include "misuse.h"

int main(void) {
    struct cairn_heap *heap = cairn_heap_create("parser", NULL);
    unsigned char *block = aim(cairn_heap_malloc(heap, 40));
    cairn_heap_free(heap, block);
    spoil(block, 4);
    cairn_heap_destroy(heap);
    return 0;
}
