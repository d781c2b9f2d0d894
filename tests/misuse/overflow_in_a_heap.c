// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 40 bytes at @ has 1 byte written past its end, at offset 40; found at cairn_heap_free
#include "misuse.h"

int main(void) {
    struct cairn_heap *heap = cairn_heap_create("parser", NULL);
    unsigned char *block = aim(cairn_heap_malloc(heap, 40));
    spoil(block + 40, 1);
    cairn_heap_free(heap, block);
    return 0;
}
