// expect: exit 0
#include "misuse.h"

int main(void) {
    for (int round = 0; round < 10; round++) {
        struct cairn_heap *heap = cairn_heap_create("a heap", NULL);
        for (size_t size = 0; size < 10 * (size_t)MIB; size += 1 + size / 16) {
            void *block = cairn_heap_malloc(heap, size);
            require(block != NULL, "there is memory");
            memset(block, 0xa5, size / 100);
        }
        cairn_heap_destroy(heap);
        require(cairn_check(), "the metadata are whole");
    }
    exercise();
    return 0;
}
