// expect: exit 0
#include "misuse.h"

static void *blocks[8 * MIB];

int main(int count, char **arguments) {
    (void)count;
    limit_address_space(arguments, 300 * MIB);
    for (size_t size = 64; size <= 16 * MIB; size *= 8) {
        size_t taken = exhaust(blocks, 8 * MIB, size);
        require(taken * size > 32 * MIB, "a good part of the address space can be had");
        for (size_t i = 0; i < taken; i++) {
            *(char *)blocks[i] = 1;
            free(blocks[i]);
        }
        malloc_trim(0);
        require(cairn_check(), "the metadata are whole");
    }
    exercise();
    return 0;
}
