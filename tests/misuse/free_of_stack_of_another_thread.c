// expect: bad-free: free of @, which is not the start of a live block: it lies outside the heap
// expect-debug: bad-free: free of @, which is not the start of a live block: it lies outside the heap, on the stack of thread 1
#include "misuse.h"

int main(void) {
    char array[256];
    in_thread(free, aim(array));
    return 0;
}
