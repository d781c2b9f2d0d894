// expect: double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(64));
    void *moved = realloc(block, 10000);
    require(moved != block, "a block of another class lies elsewhere");
    free(block);
    return 0;
}
