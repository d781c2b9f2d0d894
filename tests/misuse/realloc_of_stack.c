// expect: bad-free: realloc of @, which is not the start of a live block: it lies outside the heap
// expect-debug: bad-free: realloc of @, which is not the start of a live block: it lies outside the heap, on the stack of thread 1
#include "misuse.h"

int main(void) {
    char array[256];
    void *block = realloc(aim(array), 1000);
    free(block);
    return 0;
}
