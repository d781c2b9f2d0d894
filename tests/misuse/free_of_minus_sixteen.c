// expect: bad-free: free of @, which is not the start of a live block: it lies outside the heap
// expect-debug: bad-free: free of @, which is not the start of a live block: it lies outside the heap, at an address where nothing is mapped
#include "misuse.h"

int main(void) {
    free(aim((void *)(UINTPTR_MAX - 15)));
    return 0;
}
