// expect: exit 0
#include "misuse.h"

int main(void) {
    for (size_t size = 0; size < 300 * KIB; size += 1 + size / 8) {
        void *block = malloc(size);
        void *neighbour = malloc(size);
        memset(neighbour, 0x5a, size);
        require(malloc_usable_size(block) >= size, "at least what was asked for");
        memset(block, 0xa5, malloc_usable_size(block));
        require(size == 0 || *(unsigned char *)neighbour == 0x5a, "the neighbour is as it was");
        free(block);
        free(neighbour);
    }
    require(cairn_check(), "the metadata are whole");
    return 0;
}
