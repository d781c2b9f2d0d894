// expect: double-free: free of @, which is already free
#include "misuse.h"

int main(void) {
    void *block = aim(malloc(8 * MIB));
    void *neighbour = malloc(8 * MIB);
    void *moved = realloc(block, 1000 * (size_t)MIB);
    if (moved == block) {
        moved = realloc(block, 100);
    }
    require(neighbour != NULL && moved != block, "the span moved");
    free(block);
    return 0;
}
