// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 40 bytes at @ has 1 byte written past its end, at offset 48; found at cairn_heap_destroy
#include "misuse.h"

/* The second block's head, at a time when the first one has gone with the heap, would be an underflow of the second. */
int main(void) {
    struct cairn_heap *heap = cairn_heap_create("parser", NULL);
    unsigned char *block = aim(cairn_heap_malloc(heap, 40));
    void *behind = cairn_heap_malloc(heap, 40);
    spoil(block + 48, 1);
    cairn_heap_destroy(heap);
    return 0;
}
