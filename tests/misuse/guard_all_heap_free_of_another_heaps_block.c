// expect: bad-free: cairn_heap_free of @, which is not a block of heap 'two'
// options-debug: guard=all
#include "misuse.h"

int main(void) {
    struct cairn_heap *one = cairn_heap_create("one", NULL);
    struct cairn_heap *two = cairn_heap_create("two", NULL);
    cairn_heap_free(two, aim(cairn_heap_malloc(one, 64)));
    return 0;
}
