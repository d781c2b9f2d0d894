// expect: bad-free: realloc of @, which is not the start of a live block: it lies outside the heap
// expect-debug: bad-free: realloc of @, which is not the start of a live block: it lies outside the heap, in the page at NULL
#include "misuse.h"

int main(void) {
    void *block = realloc(aim((void *)(uintptr_t)32), 1000);
    free(block);
    return 0;
}
