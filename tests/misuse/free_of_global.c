// expect: bad-free: free of @, which is not the start of a live block: it lies outside the heap
// expect-debug: bad-free: free of @, which is not the start of a live block: it lies outside the heap, in the data of free_of_global
#include "misuse.h"

static _Alignas(16) char array[256];

int main(void) {
    free(aim(array));
    return 0;
}
