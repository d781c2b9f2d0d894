// expect: bad-free: free of @, which is not the start of a live block: it lies outside the heap
// expect-debug: bad-free: free of @, which is not the start of a live block: it lies outside the heap, in the code of free_of_code
#include "misuse.h"

int main(void) {
    free(aim((void *)(uintptr_t)main));
    return 0;
}
