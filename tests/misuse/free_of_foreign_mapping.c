// expect: bad-free: free of @, which is not the start of a live block: it lies outside the heap
// expect-debug: bad-free: free of @, which is not the start of a live block: it lies outside the heap, in memory that was mapped by somebody else
#include "misuse.h"

int main(void) {
    void *mapping = mmap(NULL, 64 * KIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(mapping != MAP_FAILED, "there is memory");
    free(aim(mapping));
    return 0;
}
