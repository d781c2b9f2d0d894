// expect: bad-free: cairn_heap_usable_size of @, which is not a block of heap 'two'
#include "misuse.h"

int main(void) {
    struct cairn_heap *one = cairn_heap_create("one", NULL);
    struct cairn_heap *two = cairn_heap_create("two", NULL);
    return (int)cairn_heap_usable_size(two, aim(cairn_heap_malloc(one, 64)));
}
