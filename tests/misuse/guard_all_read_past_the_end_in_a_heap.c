// expect: exit 0
// expect-debug: heap-buffer-overflow: read past the end of a block of 64 bytes at @, at offset 64
// options-debug: guard=all
#include "misuse.h"

int main(void) {
    struct cairn_heap *heap = cairn_heap_create("a heap", NULL);
    volatile unsigned char *block = aim(cairn_heap_malloc(heap, 64));
    (void)block[64];
    return 0;
}
