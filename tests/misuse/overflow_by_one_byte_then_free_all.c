// expect: exit 0
#include "misuse.h"

int main(void) {
    void **blocks = many_blocks(10000, 48);
    for (size_t i = 0; i < 9999; i++) {
        *(char *)at(blocks[i], (ptrdiff_t)malloc_usable_size(blocks[i])) = 0;
    }
    for (size_t i = 0; i < 10000; i++) {
        free(blocks[i]);
    }
    exercise();
    require(cairn_check(), "the metadata are whole");
    return 0;
}
