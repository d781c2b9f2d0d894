// expect: bad-free: cairn_heap_calloc of @, which is not a named heap
// options-debug: halt_on_error=0
#include "misuse.h"

int main(void) {
    cairn_heap_calloc(aim(NULL), 10, 10);
    return 0;
}
