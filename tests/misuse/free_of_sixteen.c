// expect: bad-free: free of @, which is not the start of a live block: it lies outside the heap
// expect-debug: bad-free: free of @, which is not the start of a live block: it lies outside the heap, in the page at NULL
#include "misuse.h"

int main(void) {
    free(aim((void *)(uintptr_t)16));
    return 0;
}
