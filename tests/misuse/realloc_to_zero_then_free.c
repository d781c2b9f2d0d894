// expect: double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(64));
    require(realloc(block, 0) == NULL, "realloc to zero frees");
    free(block);
    return 0;
}
