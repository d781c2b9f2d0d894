// expect: bad-free: free of @, which is not the start of a live block: it lies outside the heap
// expect-debug: bad-free: free of @, which is not the start of a live block: it lies outside the heap, in the data of free_of_string_constant
#include "misuse.h"

int main(void) {
    free(aim((void *)(uintptr_t) "a string constant"));
    return 0;
}
