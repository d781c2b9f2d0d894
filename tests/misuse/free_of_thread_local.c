// expect: bad-free: free of @, which is not the start of a live block: it lies outside the heap
#include "misuse.h"

static _Thread_local _Alignas(16) char array[256];

int main(void) {
    free(aim(array));
    return 0;
}
