// expect: bad-free: cairn_heap_realloc of @, which is not a block of heap 'two'
#include "misuse.h"

int main(void) {
    struct cairn_heap *one = cairn_heap_create("one", NULL);
    struct cairn_heap *two = cairn_heap_create("two", NULL);
    return cairn_heap_realloc(two, aim(cairn_heap_malloc(one, 64)), 640) == NULL;
}
