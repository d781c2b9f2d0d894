// expect: exit 0
/* Plain free takes a block of any heap, in any thread. */
#include "misuse.h"

int main(void) {
    struct cairn_heap *heap = cairn_heap_create("a heap", NULL);
    for (size_t size = 0; size < MIB; size += 1 + size / 4) {
        free(cairn_heap_malloc(heap, size));
        cairn_free(cairn_heap_calloc(heap, 1, size));
        cairn_heap_free(heap, cairn_heap_aligned_alloc(heap, 64, size));
        in_thread(free, cairn_heap_malloc(heap, size));
    }
    require(cairn_check(), "the metadata are whole");
    cairn_heap_destroy(heap);
    require(cairn_check(), "the metadata are whole");
    return 0;
}
