// expect: bad-free: free of @, which is not the start of a live block: it lies outside the heap
// expect-debug: bad-free: free of @, which is not the start of a live block: it lies outside the heap, in memory that was mapped by somebody else
#include "misuse.h"

static _Thread_local _Alignas(16) char array[256];

int main(void) {
    free(aim(array));
    return 0;
}
