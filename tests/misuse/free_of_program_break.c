// expect: bad-free: free of @, which is not the start of a live block: it lies outside the heap
// expect-debug: bad-free: free of @, which is not the start of a live block: it lies outside the heap, in memory that was mapped by somebody else
#include "misuse.h"

int main(void) {
    void *area = sbrk(64 * KIB);
    free(aim((void *)(((uintptr_t)area + 15) / 16 * 16)));
    return 0;
}
