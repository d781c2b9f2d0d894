// expect: bad-free: free of @, which is not the start of a live block: it lies outside the heap
#include "misuse.h"

int main(void) {
    char array[256];
    free(aim(array));
    return 0;
}
