// expect: exit 0
#include "misuse.h"

int main(void) {
    for (int round = 0; round < 100; round++) {
        struct cairn_heap *heap = cairn_heap_create("a heap", NULL);
        for (int i = 0; i < 10; i++) {
            in_thread(free, cairn_heap_malloc(heap, 64));
        }
        cairn_heap_destroy(heap);
    }
    require(cairn_check(), "the metadata are whole");
    exercise();
    return 0;
}
