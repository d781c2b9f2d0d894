// expect: bad-free: cairn_heap_usable_size of @.*
#include "misuse.h"

int main(void) {
    struct cairn_heap *one = cairn_heap_create("one", NULL);
    struct cairn_heap *two = cairn_heap_create("two", NULL);
    return (int)cairn_heap_usable_size(two, aim(cairn_heap_malloc(one, 64)));
}
