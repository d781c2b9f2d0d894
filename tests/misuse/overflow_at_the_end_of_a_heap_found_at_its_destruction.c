// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 40 bytes at @ has 1 byte written past its end, at offset 100; found at cairn_heap_destroy
#include "misuse.h"

/* Behind the block lies what the heap's pool has yet to hand out. */
int main(void) {
    struct cairn_heap *heap = cairn_heap_create("parser", NULL);
    unsigned char *block = NULL;
    for (int i = 0; i < 1000; i++) {
        unsigned char *next = cairn_heap_malloc(heap, 40);
        block = next > block ? next : block;
    }
    aim(block);
    spoil(block + 100, 1);
    cairn_heap_destroy(heap);
    return 0;
}
