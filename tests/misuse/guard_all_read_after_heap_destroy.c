// expect: exit 0
// expect-debug: heap-use-after-free: read in a freed block of 64 bytes at @, at offset 3
// options-debug: guard=all
/* The heap's memory stays readable in the release form, as a rule; on guarded pages it is the block's end. */
#include "misuse.h"

int main(void) {
    struct cairn_heap *heap = cairn_heap_create("a heap", NULL);
    struct cairn_heap *other = cairn_heap_create("another heap", NULL);
    volatile unsigned char *block = aim(cairn_heap_malloc(heap, 64));
    void *kept = cairn_heap_malloc(other, 64);
    cairn_heap_destroy(heap);
    memset(kept, 1, 64);
    (void)block[3];
    return 0;
}
