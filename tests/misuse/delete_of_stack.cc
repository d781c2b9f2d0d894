// expect: bad-free: delete of @, which is not the start of a live block: it lies outside the heap
// expect-debug: bad-free: delete of @, which is not the start of a live block: it lies outside the heap, on the stack of thread 1
#include "misuse.h"

int main() {
    int array[16];
    aim(array);
    operator delete(static_cast<void *>(array));
    return 0;
}
