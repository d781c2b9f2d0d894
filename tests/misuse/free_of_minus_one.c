// expect: bad-free: free of @, which is not the start of a live block: it lies outside the heap
#include "misuse.h"

int main(void) {
    free(aim((void *)UINTPTR_MAX));
    return 0;
}
