// expect: exit 0
// expect-debug: heap-buffer-overflow: block of 1048576 bytes at @ has 1 byte written past its end, at offset 1048576; found at cairn_heap_destroy
#include "misuse.h"

int main(void) {
    struct cairn_heap *heap = cairn_heap_create("parser", NULL);
    unsigned char *block = aim(cairn_heap_malloc(heap, MIB));
    spoil(block + MIB, 1);
    cairn_heap_destroy(heap);
    return 0;
}
